/** A row of lmms-lab/GQA, config "testdev_balanced_instructions". */
export interface GqaRow {
  readonly id: string;
  readonly imageId: string;
  readonly question: string;
  readonly answer: string;
  readonly fullAnswer: string;
  readonly isBalanced: boolean;
  readonly groups: { readonly global: string; readonly local: string };
  readonly entailed: string;
  readonly equivalent: string;
  readonly types: GqaTypes;
  readonly annotations: Readonly<Record<"answer" | "question" | "fullAnswer", readonly unknown[]>>;
  readonly semantic: readonly GqaStep[];
  readonly semanticStr: string;
}

/** A row of lmms-lab/GQA, config "testdev_balanced_images". */
export interface GqaImageRow {
  readonly id: string;
  /** A path relative to the benchmark's folder. */
  readonly image: string;
}

interface GqaTypes {
  readonly structural: string;
  readonly semantic: string;
  readonly detailed: string;
}

/** A step of the program that answers a question. */
export interface GqaStep {
  readonly operation: string;
  readonly argument: string;
  readonly dependencies: readonly number[];
}

/** A question before it becomes a row. */
export interface GqaAsked {
  readonly question: string;
  readonly answer: string;
  readonly fullAnswer: string;
  readonly types: GqaTypes;
  readonly steps: readonly GqaStep[];
}

export function questionRow(
  number: number,
  imageId: string,
  { question, answer, fullAnswer, types, steps }: GqaAsked,
): GqaRow {
  const id = `20${String(number).padStart(6, "0")}`;
  const semanticStr = steps.map(({ operation, argument, dependencies }) => {
    const from = dependencies.length > 0 ? ` [${dependencies.join(", ")}]` : "";
    return `${operation}: ${argument}${from}`;
  });
  return {
    id,
    imageId,
    question,
    answer,
    fullAnswer,
    isBalanced: true,
    groups: { global: "", local: types.detailed },
    entailed: "",
    equivalent: `['${id}']`,
    types,
    annotations: { answer: [], question: [], fullAnswer: [] },
    semantic: steps,
    semanticStr: semanticStr.join("->"),
  };
}
