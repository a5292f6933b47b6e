import * as tf from "@tensorflow/tfjs-core";
import type { Compute } from "@mlan/core";
import { beforeEach, describe, expect, it } from "vitest";

/**
 * Declares the contract tests of compute backends: they can be opened repeatedly, and compiled functions behave like
 * plain functions.
 */
export function describeComputeContract(compute: Compute): void {
  describe(`${compute.name} keeps the compute contract`, () => {
    beforeEach(() => compute.open());

    it("speaks spec version 1", () => expect(compute.specVersion).toBe(1));

    it("makes the backend of its name current, each time, even if a different one became current in between", async () => {
      await compute.open();
      expect(tf.getBackend()).toBe(compute.name);
      expect(await read(tf.tidy(() => tf.add(tf.tensor1d([1]), 2)))).toEqual([3]);
      tf.registerBackend(ELSEWHERE, () => Object.assign(new tf.KernelBackend(), { dispose() {} }));
      try {
        await tf.setBackend(ELSEWHERE);
        expect(tf.getBackend()).toBe(ELSEWHERE);
        await compute.open();
        expect(tf.getBackend()).toBe(compute.name);
      } finally {
        tf.removeBackend(ELSEWHERE);
      }
      expect(await read(tf.tidy(() => tf.add(tf.tensor1d([1]), 2)))).toEqual([3]);
    });

    it("compiled functions return the results of the plain function, for any arguments and shapes", async () => {
      const fn = ({ x, power }: { x: tf.Tensor; power: number }, rows: readonly tf.Tensor[]) => ({
        powers: [tf.pow(x, power), tf.add(x, rows[0] ?? 0)],
        name: "powers",
      });
      const compiled = compute.compile(fn);
      for (const [values, power] of [
        [[1, 2], 2],
        [[3, 4], 2],
        [[3, 4], 3],
        [[5, 6, 7], 2],
        [[1, 2], 2],
      ] as const) {
        const x = tf.tensor1d([...values]);
        const row = tf.tensor1d(values.map((value) => value / 2));
        const expected = tf.tidy(() => fn({ x, power }, [row]));
        const found = compiled({ x, power }, [row]);
        expect(found.name).toBe("powers");
        for (const [index, tensor] of found.powers.entries())
          expect(await read(tensor)).toEqual(await read(expected.powers[index]));
        tf.dispose([x, row]);
      }
      compiled.dispose();
    });

    it("compiles functions that assign variables and compute gradients, and reads the current values", async () => {
      const weight = tf.variable(tf.scalar(2));
      const descend = compute.compile((x: tf.Scalar) => {
        const gradient = tf.grad((w: tf.Tensor) => tf.mul<tf.Scalar>(tf.mul(w, w), x))(weight);
        weight.assign(tf.sub(weight, gradient));
        return gradient;
      });
      const gradients: number[] = [];
      for (const x of [0.25, 0.25, 0.5]) {
        const scalar = tf.scalar(x);
        gradients.push(...(await read(descend(scalar))));
        scalar.dispose();
      }
      weight.assign(tf.tidy(() => tf.scalar(8)));
      const last = tf.scalar(0.25);
      gradients.push(...(await read(descend(last))));
      expect(gradients).toEqual([1, 0.5, 0.5, 4]);
      expect([...(await weight.data())]).toEqual([4]);
      descend.dispose();
      tf.dispose([weight, last]);
    });

    it("disposes of donated arguments, and of no others, and changes no tensor that shares their data", async () => {
      const add = compute.compile(
        ({ total, added }: { total: tf.Tensor1D; added: tf.Tensor1D }) => ({
          total: tf.add<tf.Tensor1D>(total, added),
          sum: tf.sum(added),
        }),
        { donated: ({ total }) => [total] },
      );
      const added = tf.tensor1d([7, 0]);
      let total = tf.tensor1d([1, 2]);
      const known = tf.memory().numTensors;
      for (let call = 1; call <= 3; call++) {
        const shared = tf.clone(total);
        const given = total;
        const found = add({ total, added });
        total = found.total;
        expect([given.isDisposed, added.isDisposed]).toEqual([true, false]);
        expect(await read(shared)).toEqual([1 + 7 * (call - 1), 2]);
        expect([...(await total.data())]).toEqual([1 + 7 * call, 2]);
        expect(await read(found.sum)).toEqual([7]);
        expect(tf.memory().numTensors).toBe(known);
      }
      const pass = compute.compile((x: tf.Tensor) => ({ x }), { donated: (x) => [x] });
      for (let call = 0; call < 2; call++) {
        const passed = pass(tf.clone(total));
        expect(await read(passed.x)).toEqual([22, 2]);
      }
      expect(tf.memory().numTensors).toBe(known);
      pass.dispose();
      add.dispose();
      tf.dispose([total, added]);
    });

    it("sees a frozen variable that has changed", async () => {
      const weight = tf.variable(tf.tensor2d([[2]]));
      const compiled = compute.compile((x: tf.Tensor2D) => tf.matMul(x, weight), { frozen: [weight] });
      const x = tf.tensor2d([[3]]);
      expect(await read(compiled(x))).toEqual([6]);
      expect(await read(compiled(x))).toEqual([6]);
      weight.assign(tf.tidy(() => tf.tensor2d([[5]])));
      expect(await read(compiled(x))).toEqual([15]);
      compiled.dispose();
      tf.dispose([weight, x]);
    });

    it("disposes all tensors of a compiled function except its result, which the caller's tidy owns", async () => {
      const compiled = compute.compile((x: tf.Tensor) => tf.exp(tf.mul(tf.add(x, 1), 2)));
      const x = tf.tensor1d([0, 1]);
      await read(compiled(x));
      const { numTensors } = tf.memory();
      for (let count = 0; count < 3; count++) await read(compiled(x));
      tf.tidy(() => void compiled(x));
      expect(tf.memory().numTensors).toBe(numTensors);
      compiled.dispose();
      x.dispose();
    });

    it("keeps at most the given number of recordings, and still calls a function after it was disposed", async () => {
      const compiled = compute.compile((x: tf.Tensor) => tf.mul(x, 2), { signatures: 2 });
      for (const length of [1, 2, 3, 1]) {
        const x = tf.ones([length]);
        expect(await read(compiled(x))).toEqual(Array.from({ length }, () => 2));
        expect(compiled.signatures).toBeLessThanOrEqual(2);
        x.dispose();
      }
      compiled.dispose();
      expect(compiled.signatures).toBe(0);
      const x = tf.ones([1]);
      expect(await read(compiled(x))).toEqual([2]);
      x.dispose();
      compiled.dispose();
    });

    it("counts the use of its device since the last query, if it counts", async () => {
      if (compute.usage === undefined) return;
      compute.usage();
      await read(tf.tidy(() => tf.matMul(tf.ones([64, 64]), tf.ones([64, 64]))));
      const used = compute.usage();
      expect(used.dispatches).toBeGreaterThan(0);
      expect(used.peakBytes).toBeGreaterThanOrEqual(64 * 64 * 4);
      expect(compute.usage().dispatches).toBe(0);
    });
  });
}

/** The name of a registered backend that computes nothing. */
const ELSEWHERE = "compute-contract-elsewhere";

async function read(tensor: tf.Tensor | undefined): Promise<readonly number[]> {
  const values = [...((await tensor?.data()) ?? [])];
  tensor?.dispose();
  return values;
}
