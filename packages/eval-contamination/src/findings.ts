import { type BenchmarkContamination, type ContaminatedQuestion, type Leak, LEAK_KINDS } from "./report.ts";

/** The leaks found so far: the first leak of each kind for each question. */
export interface Findings {
  /** Adds a leak. `match` is called only when the leak is the first of its kind for the question. */
  add(question: number, leak: Omit<Leak, "match">, match: () => string): void;
  /** Adds a match of the short text of a question about an image, in a conversation without that image. */
  addTextOnly(question: number, leak: Omit<Leak, "match">, match: () => string): void;
  of(benchmark: FoundIn): BenchmarkContamination;
}

export interface FoundIn {
  readonly benchmark: string;
  readonly protocol: string;
  readonly fingerprint: string;
  /** Ids of the benchmark's questions, in order. */
  readonly ids: readonly string[];
  /** Number of the benchmark's first question among the questions of all benchmarks. */
  readonly first: number;
  readonly isSearchable: (question: number) => boolean;
}

type Leaks = Map<number, Leak[]>;

export function createFindings(): Findings {
  const contaminated: Leaks = new Map();
  const textOnly: Leaks = new Map();
  return {
    add: (question, leak, match) => addTo(contaminated, question, leak, match),
    addTextOnly: (question, leak, match) => addTo(textOnly, question, leak, match),
    of({ benchmark, protocol, fingerprint, ids, first, isSearchable }) {
      const found = questionsIn(contaminated, ids, first, () => true);
      const countOf = (kind: Leak["kind"]): number =>
        found.filter(({ leaks }) => leaks.some((leak) => leak.kind === kind)).length;
      const [exact = 0, gram = 0, file = 0, picture = 0] = LEAK_KINDS.map(countOf);
      return {
        benchmark,
        protocol,
        fingerprint,
        questions: ids.length,
        contaminated: found,
        share: ids.length === 0 ? 0 : found.length / ids.length,
        kinds: { "exact-text": exact, "n-gram": gram, "same-file": file, "same-picture": picture },
        textOnly: questionsIn(textOnly, ids, first, (question) => !contaminated.has(question)),
        unsearchable: ids.filter((_, index) => !isSearchable(first + index)).length,
      };
    },
  };
}

function addTo(all: Leaks, question: number, leak: Omit<Leak, "match">, match: () => string): void {
  const leaks = all.get(question);
  if (leaks?.some(({ kind }) => kind === leak.kind)) return;
  const full = { ...leak, match: match() };
  if (leaks) leaks.push(full);
  else all.set(question, [full]);
}

function questionsIn(
  all: Leaks,
  ids: readonly string[],
  first: number,
  keep: (question: number) => boolean,
): readonly ContaminatedQuestion[] {
  return ids.flatMap((id, index) => {
    const leaks = all.get(first + index);
    return leaks && keep(first + index) ? [{ id, leaks }] : [];
  });
}
