/**
 * The program of a child process that computes like a user's program: through TensorFlow.js, with the binding in
 * MLAN_TENSORFLOW_BINDING. Its argument is JSON with `index` and `tfjs` (URLs). Its output is that of {@link
 * NATIVE_CHECK}.
 */
export const PUBLIC_CHECK = `
const { index, tfjs } = JSON.parse(process.argv[1]);
const answer = (value) => process.stdout.write("\\n" + JSON.stringify(value) + "\\n");
try {
  const { useTensorFlowBackend, tensorFlowStatistics } = await import(index);
  const tf = await import(tfjs);
  await useTensorFlowBackend();
  const left = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const right = tf.tensor2d([5, 6, 7, 8], [2, 2]);
  const values = {
    product: [...tf.matMul(left, right).dataSync()],
    gradients: tf
      .grads((first, second) => tf.sum(tf.matMul(first, second)))([left, right])
      .map((gradient) => [...gradient.dataSync()]),
  };
  answer({ version: tensorFlowStatistics().version, values, devices: "" });
} catch (error) {
  answer({ error: String(error?.message ?? error) });
}
`;
