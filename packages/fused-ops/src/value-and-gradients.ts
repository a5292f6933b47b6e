import * as tf from "@tensorflow/tfjs-core";

export interface ValueAndGradients<Value extends tf.Tensor> {
  readonly value: Value;
  /** One gradient per input; undefined if the value does not depend on the input. */
  readonly gradients: readonly (tf.Tensor | undefined)[];
}

type TapeNode = ReturnType<typeof tf.engine>["state"]["activeTape"][number];

/**
 * Returns `f()` and the gradients of the sum of its elements with respect to `inputs`; with `dy`, of the sum of its
 * product with `dy`. Unlike `tf.engine().gradients`, each step of the backward pass frees the tensors that it has used:
 * tensors saved by the forward pass, gradients of intermediate results, and temporaries. tfjs-core keeps all of them
 * until the end. Throws an `Error` for a gradient whose shape differs from its input's, and inside a function that is
 * being differentiated.
 */
export function valueAndGradients<Value extends tf.Tensor>(
  f: () => Value,
  inputs: readonly tf.Tensor[],
  dy?: tf.Tensor,
): ValueAndGradients<Value> {
  if (tf.engine().state.gradientDepth > 0)
    throw new Error(
      "fused-ops: valueAndGradients was called inside a function that is being differentiated; second-order gradients are " +
        "not supported. Call it outside that function.",
    );
  return differentiated(f, inputs, dy);
}

/**
 * Like {@link valueAndGradients}, for use inside a function that is being differentiated. The gradients of that
 * function treat the result as a constant.
 */
export function differentiated<Value extends tf.Tensor>(
  f: () => Value,
  inputs: readonly tf.Tensor[],
  dy?: tf.Tensor,
): ValueAndGradients<Value> {
  const { value, tape } = recorded(f);
  try {
    const path = nodesBetween(tape, inputs, value);
    const needed = new Set(path.map(({ id }) => id));
    for (const node of tape) if (!needed.has(node.id)) disposeSaved(node);
    const gradients = new Map<number, tf.Tensor>();
    tf.tidy(() => {
      gradients.set(value.id, dy ?? tf.onesLike(value));
      const kept = new Set([...inputs.map(({ id }) => id), ...(dy ? [value.id] : [])]);
      for (const node of path.toReversed()) stepBack(node, gradients, kept);
      return inputs.flatMap((input) => gradients.get(input.id) ?? []);
    });
    return { value, gradients: inputs.map((input) => gradients.get(input.id)) };
  } finally {
    for (const node of tape) disposeSaved(node);
  }
}

/** Runs `f` with a separate tape, even inside a gradient. */
function recorded<Value extends tf.Tensor>(f: () => Value): { readonly value: Value; readonly tape: TapeNode[] } {
  const { state } = tf.engine();
  const { activeTape, gradientDepth, kernelDepth } = state;
  // The engine records on the tape only outside kernels, and the forward pass of a custom gradient counts as a kernel.
  Object.assign(state, { activeTape: [], gradientDepth: 1, kernelDepth: 0 });
  try {
    const value = tf.tidy(f);
    return { value, tape: state.activeTape };
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}

/**
 * Returns the nodes through which `value` depends on `inputs`, in order. Each has only the inputs that depend on
 * `inputs`.
 */
function nodesBetween(tape: readonly TapeNode[], inputs: readonly tf.Tensor[], value: tf.Tensor): readonly TapeNode[] {
  const dependent = new Set(inputs.map(({ id }) => id));
  const forward = tape.filter((node) => {
    if (!Object.values(node.inputs).some(({ id }) => dependent.has(id))) return false;
    for (const { id } of node.outputs) dependent.add(id);
    return true;
  });
  const leading = new Set([value.id]);
  const backward = forward.toReversed().filter((node) => {
    if (!node.outputs.some(({ id }) => leading.has(id))) return false;
    for (const { id } of Object.values(node.inputs)) leading.add(id);
    return true;
  });
  return backward.toReversed().map((node) => ({
    ...node,
    inputs: Object.fromEntries(Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id))),
  }));
}

/**
 * Adds a node's contributions to the gradients of its inputs. Disposes of the gradients of its outputs unless their ids
 * are in `kept`.
 */
function stepBack(node: TapeNode, gradients: Map<number, tf.Tensor>, kept: ReadonlySet<number>): void {
  const dys = node.outputs.map(({ id }) => gradients.get(id));
  const inputs = Object.entries(node.inputs);
  const owned = new Set<tf.Tensor | undefined>([...dys, ...(node.saved ?? [])]);
  const results = tf.tidy(() => {
    // The engine replaces missing gradients with zeros, but its type does not say so.
    const functions = node.gradient?.(dys as tf.Tensor[]) ?? {};
    return inputs.map(([name, input]) => {
      const dx = functions[name]?.();
      if (!dx) throw new Error(`fused-ops: ${node.kernelName} has no gradient with respect to its input ${name}.`);
      checkGradient(node, name, input, dx);
      // A tensor with a different owner, such as dy itself, must be cloned.
      const own = owned.has(dx) ? dx.clone() : dx;
      owned.add(own);
      return own;
    });
  });
  results.forEach((dx, index) => {
    const id = inputs[index]?.[1].id ?? -1;
    const before = gradients.get(id);
    gradients.set(id, before ? tf.add(before, dx) : dx);
    if (before) tf.dispose([before, dx]);
  });
  for (const { id } of node.outputs) {
    if (kept.has(id)) continue;
    gradients.get(id)?.dispose();
    gradients.delete(id);
  }
  disposeSaved(node);
}

function checkGradient({ kernelName }: TapeNode, name: string, input: tf.Tensor, dx: tf.Tensor): void {
  if (dx.dtype === "float32" && tf.util.arraysEqual(dx.shape, input.shape)) return;
  throw new Error(
    `fused-ops: the gradient of ${kernelName} with respect to its input ${name} is ${dx.dtype} [${dx.shape}], ` +
      `but must be float32 [${input.shape}]. Fix the gradient function of ${kernelName}.`,
  );
}

function disposeSaved({ saved = [] }: TapeNode): void {
  for (const tensor of saved) tensor.dispose();
}
