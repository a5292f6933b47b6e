import { chatWording, textWording, type Wording } from "@mlan/core";

export type PaperWording = "tuned" | "llama2-base" | "vicuna-base";

/** The wordings of the models in arXiv 2411.10557: tuned with the template `v1`, and the two untuned backbones. */
export const WORDINGS: Readonly<Record<PaperWording, Wording>> = {
  tuned: chatWording("tuned"),
  "llama2-base": textWording("llama2-base", "", "\nAnswer: "),
  "vicuna-base": textWording("vicuna-base", "User: ", "\nAssistant: "),
};
