import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadTensorFlow } from "@mlan/backend-tensorflow";
import { MlanError } from "@mlan/core";
import { afterEach, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("loading TensorFlow", () => {
  const visible = process.env["CUDA_VISIBLE_DEVICES"];
  afterEach(() => {
    if (visible === undefined) delete process.env["CUDA_VISIBLE_DEVICES"];
    else process.env["CUDA_VISIBLE_DEVICES"] = visible;
  });

  it.skipIf(process.platform !== "linux")(
    "happens at the first use, prints nothing, and leaves the user's variables alone",
    async () => {
      const program = fileURLToPath(new URL("when-loaded.ts", import.meta.url));
      const parameters = ["--import", "tsx", "--conditions=@mlan/source", program];
      const { TF_CPP_MIN_LOG_LEVEL: _, ...others } = process.env;
      const env = { ...others, CUDA_VISIBLE_DEVICES: "1,2", TF_NUM_INTRAOP_THREADS: "3" };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters, { env });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({
        registered: false,
        used: true,
        sum: 3,
        environment: {
          CUDA_VISIBLE_DEVICES: "1",
          TF_CPP_MIN_LOG_LEVEL: "3",
          TF_DETERMINISTIC_OPS: "1",
          TF_FORCE_GPU_ALLOW_GROWTH: "true",
          TF_NUM_INTRAOP_THREADS: "3",
        },
      });
    },
  );

  it("refuses a GPU beyond those that CUDA_VISIBLE_DEVICES lists", () => {
    process.env["CUDA_VISIBLE_DEVICES"] = "4, 7";
    expect(() => loadTensorFlow({ device: 2 })).toThrow(
      /device 2 does not exist: CUDA_VISIBLE_DEVICES \("4, 7"\) lists 2 GPUs/,
    );
    process.env["CUDA_VISIBLE_DEVICES"] = "";
    expect(() => loadTensorFlow({ device: "gpu" })).toThrow(/device gpu does not exist: .*lists 0 GPUs/);
  });

  it.each(["devise", "precision"])("refuses unknown options: %s", (name) => {
    const options = JSON.parse(`{ "${name}": "half" }`);
    expect(() => loadTensorFlow(options)).toThrow(MlanError);
    expect(() => loadTensorFlow(options)).toThrow(name);
  });
});
