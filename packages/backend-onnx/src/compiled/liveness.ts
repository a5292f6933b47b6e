import type { GraphAction, Plan, PlannedTensor, Source } from "./plan.ts";

/** Removes every overwrite of an argument that has several readers, is returned, or is assigned. */
export function withExclusiveOverwrites(actions: Plan["actions"], outgoing: readonly PlannedTensor[]): Plan["actions"] {
  const readers = new Map<number, number>();
  const read = (source: Source): void => {
    if (source.kind === "argument") readers.set(source.index, (readers.get(source.index) ?? 0) + 1);
  };
  for (const action of actions) {
    for (const graph of "graphs" in action ? action.graphs : [action]) graph.leaves.forEach(read);
    if ("graphs" in action) for (const { source } of Object.values(action.inputs).flat()) read(source);
  }
  for (const { source } of outgoing) read(source);
  const isOnly = ([, argument]: readonly [number, number]): boolean => readers.get(argument) === 1;
  const exclusive = (graph: GraphAction): GraphAction => ({
    ...graph,
    overwrites: new Map([...graph.overwrites].filter(isOnly)),
  });
  return actions.map((action) =>
    "graphs" in action ? { ...action, graphs: action.graphs.map(exclusive) } : exclusive(action),
  );
}

/**
 * Returns, for each action, the results that no later action reads. Results that are returned or assigned are excluded.
 */
export function deadAfter(actions: Plan["actions"], outgoing: readonly PlannedTensor[]): number[][] {
  const last = new Map<number, number>();
  const read = (source: Source, action: number): void => {
    if (source.kind === "result") last.set(source.index, action);
  };
  actions.forEach((action, index) => {
    const graphs = "graphs" in action ? action.graphs : [action];
    for (const graph of graphs) {
      for (const result of graph.results) last.set(result, index);
      for (const leaf of graph.leaves) read(leaf, index);
    }
    if ("graphs" in action) for (const { source } of Object.values(action.inputs).flat()) read(source, index);
  });
  for (const { source } of outgoing) if (source.kind === "result") last.delete(source.index);
  const dead = actions.map((): number[] => []);
  for (const [result, action] of last) dead[action]?.push(result);
  return dead;
}
