import type { ResolveHook } from "node:module";

/**
 * A module hook: TypeScript files outside of packages are ES modules, whatever the package.json beside them says.
 * `npm init` writes "type": "commonjs", which would forbid experiment files the packages here and top-level await.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  const { pathname } = new URL(resolved.url);
  return pathname.endsWith(".ts") && !pathname.includes("/node_modules/")
    ? { ...resolved, format: "module" }
    : resolved;
};
