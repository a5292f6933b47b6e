import type { Provenance } from "@mlan/run-view";

/** Returns the provenance of a run with plausible data and weights. */
export function sampleProvenance(seeds: readonly number[], run: string): Provenance {
  return {
    datasets: [
      {
        name: "MLAN_mini",
        role: "training",
        stages: ["tune"],
        fingerprint: "7fdd77ffb8a9b00177a55ea6d9b0dac787dd50de28342458f600d0208257ec7d",
        examples: { count: 3200, withImages: 0 },
        sources: [
          {
            name: "MLAN_mini",
            card: {
              source: "https://example.com/mlan",
              license: "CC-BY-4.0",
              modality: "text",
              citation: "A paper, 2024",
            },
          },
        ],
      },
    ],
    weights: [
      {
        plugin: "@mlan/model-llama2",
        settings: { hasTower: true },
        places: { weights: "/home/me/checkpoints/mini-llama2/" },
        digest: "992af9fa1fd71082b995560ba84a2058",
        files: { "model.safetensors": "96e14f0e6aede3682e3cd21d64d9383954e18b66" },
      },
    ],
    versions: { node: ["v20.20.2"], "@mlan/core": ["1.0.0"] },
    seeds,
    plans: [{ run, plugins: [{ name: "@mlan/core" }], stages: [] }],
    reproduce: ["npx mlan run examples/miniworld.ts"],
  };
}
