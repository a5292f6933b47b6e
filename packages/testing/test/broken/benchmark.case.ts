import type { Benchmark, Extractor, Protocol } from "@mlan/core";
import { describeBenchmarkContract, memoryBenchmark, type PlainQuestion } from "@mlan/testing";

const questions = ["a", "b"].map((text, index) => ({ id: `${index}`, images: [], text, target: text }));

function broken(name: string, over: Partial<Protocol<PlainQuestion>>): Benchmark<PlainQuestion> {
  const benchmark = memoryBenchmark(name, questions);
  return { ...benchmark, protocol: (protocol) => ({ ...benchmark.protocol(protocol), ...over }) };
}

function reading(name: string, over: Partial<Extractor>): Benchmark<PlainQuestion> {
  const benchmark = memoryBenchmark(name, questions);
  const extractor = { ...benchmark.protocol("strict").extractor("tuned"), ...over };
  return { ...broken(name, { extractor: () => extractor }), extractors: [extractor] };
}

const { protocol } = memoryBenchmark("any", questions);
describeBenchmarkContract({
  ...memoryBenchmark("has-another-default", questions),
  protocol: (name = "paper") => protocol(name),
});
describeBenchmarkContract(broken("asks-whom-it-cannot", { wordings: ["tuned"] }));
describeBenchmarkContract(reading("guesses", { extract: () => "a", isCorrect: () => true }));
describeBenchmarkContract(reading("cannot-read-its-target", { extract: () => undefined }));
describeBenchmarkContract(
  broken("rewards-wrong-answers", {
    metrics: { accuracy: (outcomes) => outcomes.filter(({ correct }) => !correct).length },
  }),
);
