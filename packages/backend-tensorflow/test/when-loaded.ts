/** Registers the backend, then computes on it, and prints after which step TensorFlow's library was loaded. */
import { readFileSync } from "node:fs";
import { registerTensorFlowBackend } from "@mlan/backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";

const isLoaded = (): boolean => readFileSync("/proc/self/maps", "utf8").includes("libtensorflow");

registerTensorFlowBackend();
const registered = isLoaded();
await tf.setBackend("tensorflow");
const [sum] = tf.sum(tf.ones([3])).dataSync();
const names = Object.keys(process.env).filter((name) => /^(TF_|CUDA_)/.test(name));
const environment = Object.fromEntries(names.toSorted().map((name) => [name, process.env[name]]));
console.log(JSON.stringify({ registered, used: isLoaded(), sum, environment }));
