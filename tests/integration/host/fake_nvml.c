/* A libnvidia-ml.so.1 that answers what tests say: the binding, the calls and the structures are the real ones,
 * the driver behind them is not. After the file named by FAKE_NVML_DEAD appears, every call fails with 999. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUCCESS 0
#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7
#define UNKNOWN 999

typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } Memory;
typedef struct { unsigned int gpu, memory; } Utilization;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu_instance, compute_instance; } Process;

static int board;

static int alive(void)
{
    const char *dead = getenv("FAKE_NVML_DEAD");
    return (dead && access(dead, F_OK) == 0) ? UNKNOWN : SUCCESS;
}

#define ANSWER(name, type, value) \
    int name(void *device, type *out) { (void)device; *out = (value); return alive(); }

int nvmlInitWithFlags(unsigned int flags) { (void)flags; return alive(); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return code == UNKNOWN ? "Unknown Error" : "Some Error"; }
int nvmlSystemGetDriverVersion(char *out, unsigned int n) { snprintf(out, n, "580.95.05"); return alive(); }
int nvmlDeviceGetCount_v2(unsigned int *out) { *out = 1; return alive(); }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **out) { (void)index; *out = &board; return alive(); }
int nvmlDeviceGetName(void *d, char *out, unsigned int n) { (void)d; snprintf(out, n, "NVIDIA A10G"); return alive(); }
int nvmlDeviceGetUUID(void *d, char *out, unsigned int n) { (void)d; snprintf(out, n, "GPU-1"); return alive(); }
int nvmlDeviceGetMigMode(void *d, unsigned int *now, unsigned int *later) { (void)d; *now = *later = 0; return NOT_SUPPORTED; }
int nvmlDeviceGetTemperature(void *d, unsigned int sensor, unsigned int *out) { (void)d; *out = 58 + sensor; return alive(); }
int nvmlDeviceGetClockInfo(void *d, unsigned int kind, unsigned int *out) { (void)d; *out = kind == 1 ? 1695 : 1; return alive(); }
ANSWER(nvmlDeviceGetMaxMigDeviceCount, unsigned int, 0)
ANSWER(nvmlDeviceGetPowerUsage, unsigned int, 241350)
ANSWER(nvmlDeviceGetTotalEnergyConsumption, unsigned long long, 98765432100ULL)
ANSWER(nvmlDeviceGetCurrentClocksEventReasons, unsigned long long, 4)

int nvmlDeviceGetUtilizationRates(void *d, Utilization *out)
{
    (void)d;
    out->gpu = 97;
    out->memory = 61;
    return alive();
}

int nvmlDeviceGetMemoryInfo_v2(void *d, Memory *out)
{
    (void)d;
    if (out->version != 0x02000028)
        return 25;
    out->total = 24146608128ULL;
    out->reserved = 419430400ULL;
    out->used = 5047549952ULL;
    out->free = out->total - out->reserved - out->used;
    return alive();
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *d, unsigned int *count, Process *out)
{
    (void)d;
    if (alive() != SUCCESS)
        return UNKNOWN;
    if (*count < 1) {
        *count = 1;
        return INSUFFICIENT_SIZE;
    }
    *count = 1;
    memset(out, 0xff, sizeof *out);
    out->pid = (unsigned int)atoi(getenv("FAKE_NVML_PID"));
    out->used = 5033164800ULL;
    return SUCCESS;
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(void *d, unsigned int *count, Process *out)
{
    (void)d;
    (void)out;
    *count = 0;
    return alive();
}
