import { adamWCall } from "./adamw-call.ts";
import { applyAdamW, type AdamWHost } from "./apply-adamw.ts";

type Named = Readonly<Record<string, unknown>>;

/** Kernels that change tensors in place and give nothing, by their names. */
export const IN_PLACE_KERNELS: Readonly<Record<string, (host: AdamWHost, inputs: Named, attributes: Named) => void>> = {
  ApplyAdamW: (host, inputs, attributes) => applyAdamW(host, adamWCall(inputs, attributes)),
};
