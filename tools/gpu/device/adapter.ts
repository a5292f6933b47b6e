// The GPUs that Vulkan lists, from which the provider "webgpu" can choose.
import koffi from "koffi";
import { report } from "./report-line.ts";

const KINDS = ["other", "integrated GPU", "discrete GPU", "virtual GPU", "CPU"];
/** At least the size of VkPhysicalDeviceProperties. */
const PROPERTIES_BYTES = 4096;
/** VkInstanceCreateInfo: sType 1, all else empty. */
const INSTANCE_BYTES = 64;

const vulkan = koffi.load("libvulkan.so.1");
const createInstance = vulkan.func("int vkCreateInstance(void *info, void *allocator, _Out_ void **instance)");
const enumerate = vulkan.func(
  "int vkEnumeratePhysicalDevices(void *instance, _Inout_ uint32_t *count, _Out_ void **devices)",
);
const propertiesOf = vulkan.func("void vkGetPhysicalDeviceProperties(void *device, void *properties)");

const info = Buffer.alloc(INSTANCE_BYTES);
info.writeUInt32LE(1);
const instance: unknown[] = [null];
demand("vkCreateInstance", createInstance(info, null, instance));
const count = [0];
demand("vkEnumeratePhysicalDevices", enumerate(instance[0], count, null));
const devices: unknown[] = Array.from({ length: count[0] ?? 0 }, () => null);
demand("vkEnumeratePhysicalDevices", enumerate(instance[0], count, devices));
if (devices.length === 0) throw new Error("Vulkan lists no device.");
for (const [index, device] of devices.entries()) {
  const properties = Buffer.alloc(PROPERTIES_BYTES);
  propertiesOf(device, properties);
  const [version, driver] = [properties.readUInt32LE(0), properties.readUInt32LE(4)];
  const name = properties.toString("utf8", 20, 276).replace(/\0.*$/s, "");
  const vulkanVersion = `${(version >>> 22) & 0x7f}.${(version >>> 12) & 0x3ff}.${version & 0xfff}`;
  report({
    kind: "fact",
    name: `adapter ${index}`,
    value: `${name} (${KINDS[properties.readUInt32LE(16)] ?? "unknown"}, Vulkan ${vulkanVersion}, driver 0x${driver.toString(16)})`,
  });
}

function demand(call: string, result: number): void {
  // 5 (VK_INCOMPLETE): the list grew between the two calls.
  if (result === 0 || result === 5) return;
  throw new Error(
    `${call} returned ${result}. Check that a Vulkan driver and the libraries that it loads are installed; VK_LOADER_DEBUG=all shows what is missing.`,
  );
}
