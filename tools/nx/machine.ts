/**
 * Prints what the outcome of tests depends on besides the repository, which nx makes part of the name of a cached result:
 * a TensorFlow or tokenizer that was installed since lets tests run that were skipped.
 */
import { existsSync } from "node:fs";
import { arch, cpus, platform } from "node:os";

const VARIABLES = /^(?:BACKEND_ONNX|CUDA|HF|HUGGINGFACE|MLAN|ORT|TF|VK)_/;
/** Where tests look for Llama 2's own tokenizer unless MLAN_LLAMA2_TOKENIZER names one. */
const LLAMA2_TOKENIZER = new URL("../../../shared/data/llama2-tokenizer/tokenizer.model", import.meta.url);

console.log(
  JSON.stringify({
    node: process.version,
    machine: [platform(), arch(), cpus().length],
    variables: Object.entries(process.env).filter(([name]) => VARIABLES.test(name) && !/TOKEN/.test(name)),
    tensorFlow: await tensorFlow(),
    llama2Tokenizer: existsSync(LLAMA2_TOKENIZER),
  }),
);

/** Sources that cannot be loaded are a matter of their own tests. */
async function tensorFlow(): Promise<unknown> {
  try {
    const { installedBinding } = await import("@mlan/backend-tensorflow");
    return installedBinding() ?? null;
  } catch (error) {
    return String(error);
  }
}
