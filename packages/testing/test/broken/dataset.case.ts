import { type Conversation, type Dataset, IMAGE_PLACEHOLDER } from "@mlan/core";
import { alphabetConversations, describeConversationsContract, memoryDataset } from "@mlan/testing";

const good = alphabetConversations(4);
const broken = (name: string, examples: readonly Conversation[]): Dataset<Conversation> =>
  memoryDataset(name, examples);

describeConversationsContract(
  broken(
    "same-ids",
    good.map((conversation) => ({ ...conversation, id: "one" })),
  ),
);
describeConversationsContract(
  broken(
    "assistant-first",
    good.map((conversation) => ({ ...conversation, turns: conversation.turns.toReversed() })),
  ),
);
describeConversationsContract(
  broken(
    "unreadable-images",
    good.map((conversation) => ({
      ...conversation,
      turns: conversation.turns.map((turn) => ({
        ...turn,
        text: turn.role === "user" ? `${IMAGE_PLACEHOLDER}\n${turn.text}` : turn.text,
      })),
      images: [{ name: "gone.png", read: () => Promise.reject(new Error("gone")) }],
    })),
  ),
);
describeConversationsContract(broken("empty", []));

let opened = 0;
describeConversationsContract({
  ...memoryDataset("moody", good),
  open: async () => ({ ...(await memoryDataset("moody", good).open()), fingerprint: `opened ${opened++}` }),
});
