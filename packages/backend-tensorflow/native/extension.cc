// Compiled beside the binding of @tensorflow/tfjs-node-gpu, whose sources are built with
// -DTFE_NewContext=mlan_TFE_NewContext -DTFE_DeleteContext=mlan_TFE_DeleteContext
// so that mlan_devices can use the context, which the binding does not expose.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

#if __has_include("absl/log/globals.h")
#include "absl/log/globals.h"
// Weak: the C library's archive hides Abseil's symbols.
namespace absl {
ABSL_NAMESPACE_BEGIN
__attribute__((weak)) void SetMinLogLevel(absl::LogSeverityAtLeast severity);
ABSL_NAMESPACE_END
}  // namespace absl
#endif

namespace {

TFE_Context* current_context = nullptr;

#if __has_include("absl/log/globals.h")
// TensorFlow applies the variable only to its own log; the level of Abseil and XLA must be set here.
const bool log_level_set = [] {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || *level == '\0' || absl::SetMinLogLevel == nullptr) return false;
  const int severity = std::atoi(level);
  absl::SetMinLogLevel(severity > 3 ? absl::LogSeverityAtLeast::kInfinity
                                    : static_cast<absl::LogSeverityAtLeast>(severity));
  return true;
}();
#endif

}  // namespace

extern "C" {

TFE_Context* mlan_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  current_context = TFE_NewContext(options, status);
  return current_context;
}

void mlan_TFE_DeleteContext(TFE_Context* context) {
  if (context == current_context) current_context = nullptr;
  TFE_DeleteContext(context);
}

// Writes a line "name\ttype\tbytes" per device, truncated to size - 1 characters and null-terminated. Returns the length
// of the whole text, or -1 if there is no context or TensorFlow reports an error.
__attribute__((visibility("default"))) int mlan_devices(char* buffer, int size) {
  if (current_context == nullptr) return -1;
  TF_Status* status = TF_NewStatus();
  TF_DeviceList* devices = TFE_ContextListDevices(current_context, status);
  std::string text;
  bool good = TF_GetCode(status) == TF_OK;
  for (int index = 0; good && index < TF_DeviceListCount(devices); index++) {
    const char* name = TF_DeviceListName(devices, index, status);
    const char* type = TF_DeviceListType(devices, index, status);
    const int64_t bytes = TF_DeviceListMemoryBytes(devices, index, status);
    good = TF_GetCode(status) == TF_OK;
    if (good) text += std::string(name) + "\t" + type + "\t" + std::to_string(bytes) + "\n";
  }
  if (devices != nullptr) TF_DeleteDeviceList(devices);
  TF_DeleteStatus(status);
  if (!good) return -1;
  if (size > 0) {
    const size_t length = text.size() < static_cast<size_t>(size) ? text.size() : static_cast<size_t>(size) - 1;
    std::memcpy(buffer, text.data(), length);
    buffer[length] = '\0';
  }
  return static_cast<int>(text.size());
}

}  // extern "C"
