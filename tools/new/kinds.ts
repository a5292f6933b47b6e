import { MlanError } from "@mlan/core";

/** A kind of plugin. `new-name` in texts is replaced by the name of the new package without its kind. */
export interface Kind {
  /** Prefix of the package's name. */
  readonly prefix: string;
  readonly description: string;
  readonly keywords: readonly string[];
  /** Dependencies besides core, with the versions of other packages. */
  readonly dependencies: readonly string[];
  /** Development dependencies besides core and testing. */
  readonly devDependencies: readonly string[];
  /** The sentence for the changelog. */
  readonly changeset: string;
  /** The page with the next steps. */
  readonly guide: string;
}

/** Kinds by name. The name is also that of the kind's folder in templates/. */
export const KINDS: Readonly<Record<string, Kind>> = {
  data: {
    prefix: "data",
    description: "The instruction tuning dataset new-name for mlan.",
    keywords: ["dataset"],
    dependencies: ["@mlan/data-kit", "zod"],
    devDependencies: [],
    changeset: "Tune on new-name, from the Hub or from your own files.",
    guide: "docs/how-to/add-a-dataset.md",
  },
  benchmark: {
    prefix: "data",
    description: "The benchmark new-name for mlan.",
    keywords: ["benchmark", "dataset"],
    dependencies: ["@mlan/data-kit", "zod"],
    devDependencies: [],
    changeset: "Evaluate models on new-name, from the Hub or from your own files.",
    guide: "docs/how-to/add-a-benchmark.md",
  },
  model: {
    prefix: "model",
    description: "The backbone new-name for mlan.",
    keywords: ["backbone", "vision-language"],
    dependencies: ["@mlan/model-llava", "zod"],
    devDependencies: ["@mlan/backend-onnx", "@tensorflow/tfjs-layers"],
    changeset: "Align, tune and evaluate new-name, as a plain backbone or as LLaVA's.",
    guide: "docs/how-to/add-a-backbone.md",
  },
  eval: {
    prefix: "eval",
    description: "The evaluator new-name for mlan.",
    keywords: ["evaluation"],
    dependencies: ["@mlan/eval-kit", "zod"],
    devDependencies: ["@tensorflow/tfjs-backend-cpu"],
    changeset: "Evaluate models by new-name.",
    guide: "packages/eval-kit/README.md",
  },
  trainer: {
    prefix: "trainer",
    description: "The trainer new-name for mlan.",
    keywords: ["fine-tuning", "training"],
    dependencies: ["@mlan/backend-onnx", "@mlan/trainer", "zod"],
    devDependencies: [],
    changeset: "Train with new-name.",
    guide: "packages/trainer/README.md",
  },
};

/** Throws `invalid-options` for a kind that does not exist. */
export function kindNamed(name: string): Kind & { readonly template: string } {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind !== undefined) return { ...kind, template: name };
  const message = `There is no kind of package ${JSON.stringify(name)}. Use one of: ${Object.keys(KINDS).join(", ")}.`;
  throw new MlanError("invalid-options", message);
}
