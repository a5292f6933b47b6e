import { useOnnxBackend } from "@mlan/backend-onnx";
import { beforeAll } from "vitest";
import { testFusedAdamW } from "./pytorch-adamw.ts";

beforeAll(() => useOnnxBackend());
testFusedAdamW("onnx");
