/**
 * Asks a model about an image, and prints the answer as it is generated.
 *
 *   npx tsx examples/chat-with-a-picture.ts llava-v1.5-7b picture.jpg "What is on the table?"
 *
 * The model is a folder in Hugging Face layout of a LLaVA model on Vicuna. `mlan chat` does the same on the command line.
 */
import { chatRequest, createScope, MODEL, streamAnswer } from "@mlan/core";
import { vicuna } from "@mlan/model-vicuna";
import { cpuTrainer } from "@mlan/trainer-cpu";
import { readFile } from "node:fs/promises";

const [weights, picture, question = "Describe the picture."] = process.argv.slice(2);
if (weights === undefined || picture === undefined)
  throw new Error("Give the folder of a model, the file of a picture, and a question.");

await using scope = createScope([vicuna({ weights, weightFormat: "int8" }), cpuTrainer()]);
const model = await scope.get(MODEL).open();
const image = { name: picture, read: () => readFile(picture) };
const asked = chatRequest([{ role: "user", text: question, images: [image] }]);
for await (const { text } of streamAnswer(model, { id: "1", ...asked, maximumNewTokens: 256 }))
  process.stdout.write(text);
process.stdout.write("\n");
