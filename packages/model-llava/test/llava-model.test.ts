import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { describeModelContract, describeTrainableModelContract, writeTinyLlava, WORDINGS } from "@mlan/testing";
import "@tensorflow/tfjs-layers";
import { compute } from "./tiny-llava.ts";

const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-llava-"))}/`);
const { backbone, tower } = await writeTinyLlava(folder, { dtype: "BF16", shards: 2 });
const seeing = createLlavaSource({
  architecture: llama,
  name: "tiny LLaVA",
  compute,
  weights: backbone,
  visionTower: tower,
  untunedWording: WORDINGS["llama2-base"],
});
const reading = createLlavaSource({
  architecture: llama,
  name: "tiny Llama",
  compute,
  weights: backbone,
  untunedWording: WORDINGS["llama2-base"],
});

describeModelContract(seeing, { useBackend: () => useOnnxBackend() });
describeTrainableModelContract(seeing, { useBackend: () => useOnnxBackend() });
describeModelContract(reading, { useBackend: () => useOnnxBackend() });
describeTrainableModelContract(reading, { useBackend: () => useOnnxBackend() });
