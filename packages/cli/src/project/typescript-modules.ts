import type { ResolveHook } from "node:module";

/**
 * A module hook that treats TypeScript files outside of packages as ES modules, whatever the nearest package.json says.
 * `npm init` writes "type": "commonjs", and a CommonJS file can use neither mlan's packages nor top-level await.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  const { pathname } = new URL(resolved.url);
  return pathname.endsWith(".ts") && !pathname.includes("/node_modules/")
    ? { ...resolved, format: "module" }
    : resolved;
};
