import { ai2d } from "@mlan/data-ai2d";
import { boolq } from "@mlan/data-boolq";
import { hellaswag } from "@mlan/data-hellaswag";
import { mlan } from "@mlan/data-mlan";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";
import { expect, test } from "vitest";

const plugins = [ai2d, boolq, hellaswag, mlan, openbookqa, pope, race, realworldqa, scienceqa];

test.each(plugins)("the card of %o describes the published files only", (plugin) => {
  const { card } = plugin();
  expect(card.source).toMatch(/^https:/);
  expect(card.license).not.toBe("unknown");
  expect(plugin({ folder: "/data/published" }).card).toEqual(card);
  const { modality, ...own } = plugin({ file: "/data/my-own.jsonl" }).card;
  expect(own).toEqual({ source: "/data/my-own.jsonl", license: "unknown" });
  expect(modality).toBe(plugin === mlan ? "mixed" : card.modality);
});
