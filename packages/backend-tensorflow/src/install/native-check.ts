/**
 * The program of a child process that loads an addon and computes with it. Output of the loader and TensorFlow, and
 * crashes of native code, stay in that process. Its argument is JSON with `file`, `cudaLibraries` and `koffi` (a URL).
 * Its last line of output is JSON with `version`, `values` and `devices` (lines as from mlan_devices), or with `error`.
 */
export const NATIVE_CHECK = `
const { file, cudaLibraries, koffi: koffiUrl } = JSON.parse(process.argv[1]);
const answer = (value) => process.stdout.write("\\n" + JSON.stringify(value) + "\\n");
try {
  const { default: koffi } = await import(koffiUrl);
  const held = cudaLibraries.map((library) => koffi.load(library, { global: true }));
  const addon = { exports: {} };
  process.dlopen(addon, file);
  const tf = addon.exports;
  const matrix = (values) => tf.createTensor([2, 2], tf.TF_FLOAT, new Float32Array(values));
  const product = (left, right, transposeLeft, transposeRight) => {
    const attributes = [
      { name: "transpose_a", type: tf.TF_ATTR_BOOL, value: transposeLeft },
      { name: "transpose_b", type: tf.TF_ATTR_BOOL, value: transposeRight },
      { name: "T", type: tf.TF_ATTR_TYPE, value: tf.TF_FLOAT },
    ];
    const [result] = tf.executeOp("MatMul", attributes, [left, right], 1);
    return Array.from(tf.tensorDataSync(result.id));
  };
  const [left, right, ones] = [matrix([1, 2, 3, 4]), matrix([5, 6, 7, 8]), matrix([1, 1, 1, 1])];
  const values = {
    product: product(left, right, false, false),
    // The gradients of the sum of the product with respect to its two factors.
    gradients: [product(ones, right, false, true), product(left, ones, true, false)],
  };
  let devices = "";
  try {
    const list = koffi.load(file).func("int mlan_devices(_Out_ uint8_t *buffer, int size)");
    const buffer = Buffer.alloc(65536);
    if (list(buffer, buffer.length) > 0) devices = buffer.toString("utf8").split("\\0")[0];
  } catch {} // the stock binding has no such function
  answer({ version: tf.TF_Version, values, devices, held: held.length });
} catch (error) {
  answer({ error: String(error?.message ?? error) });
}
`;
