import { type Conversation, type Dataset, defineDataset } from "@mlan/core";

export function memoryDataset<Example>(name: string, examples: readonly Example[]): Dataset<Example> {
  return defineDataset({
    name,
    card: { license: "CC0-1.0", modality: "text" },
    rows: async () => examples,
    toExample: (example) => example,
  });
}

/** Returns language-only conversations that a tiny model can memorize: the answer to each letter is the next letter. */
export function alphabetConversations(count: number): readonly Conversation[] {
  return Array.from({ length: count }, (_, index) => {
    const letter = String.fromCharCode(97 + (index % 25));
    return {
      id: `alphabet-${index}`,
      turns: [
        { role: "user", text: `${index} ${letter}` },
        { role: "assistant", text: String.fromCharCode(98 + (index % 25)) },
      ],
      images: [],
    };
  });
}
