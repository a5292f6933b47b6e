export type { EndpointOptions, Prices, ServerKind } from "./endpoint-options.ts";
export { endpoint } from "./endpoint.ts";
export type { EndpointUsage } from "./usage.ts";
