/**
 * Prints everything outside the repository that the outcome of tests depends on. nx includes it in the key of a cached
 * result: once TensorFlow or a tokenizer is installed, tests run that were skipped before.
 */
import { existsSync } from "node:fs";
import { arch, cpus, platform } from "node:os";

const VARIABLES = /^(?:BACKEND_ONNX|CUDA|HF|HUGGINGFACE|MLAN|ORT|TF|VK)_/;
/** The path of Llama 2's original tokenizer for tests, unless MLAN_LLAMA2_TOKENIZER names one. */
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

/** Returns the installed TensorFlow. If the sources cannot be loaded, their own tests report that. */
async function tensorFlow(): Promise<unknown> {
  try {
    const { installedBinding } = await import("@mlan/backend-tensorflow");
    return installedBinding() ?? null;
  } catch (error) {
    return String(error);
  }
}
