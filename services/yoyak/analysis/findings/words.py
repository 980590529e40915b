"""The words of findings about one run, by key, English then Korean, with the same fields in both.

A key is the finding's code, or code/variant where a code has several messages.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Said(NamedTuple):
    """The same in both languages."""

    english: str
    korean: str


class Words(NamedTuple):
    """A finding's message, and what would settle it."""

    message: Said
    mend: Said | None = None


_READ_AND_MEND = Said(
    "read the error in requests.jsonl, mend the engine, and run again",
    "requests.jsonl의 오류를 읽고 엔진을 고친 뒤 다시 실행하세요",
)
_GO_ON = Said(
    "run again",
    "다시 실행하세요",
)
_COMPARE_RATES = Said(
    "compare rates per token, not totals; llamacpp can force the length",
    "총시간 말고 토큰당 속도를 비교하세요. llamacpp는 길이를 강제할 수 있습니다",
)
_LOOK_FOR_HEAT = Said(
    "look for heat, CPU credits or other load; a longer --warmup helps if it settles",
    "발열, CPU 크레딧, 다른 부하를 살펴보세요. 시간이 지나 안정되면 --warmup을 늘리세요",
)

RUN_WORDS: Mapping[str, Words] = {
    # requests
    "no-successful-request": Words(
        Said(
            "none of {requests} measured requests succeeded, so there are no latencies or rates",
            "측정한 요청 {requests}건이 모두 실패해 지연과 속도가 없습니다",
        ),
        _READ_AND_MEND,
    ),
    "no-successful-request/none-recorded": Words(
        Said(
            "no measured request was recorded: the run ended during loading or warm-up",
            "측정한 요청이 기록되지 않았습니다. 로드나 예열 중에 실행이 끝났습니다",
        ),
        _READ_AND_MEND,
    ),
    "failed-requests": Words(
        Said(
            "{failed} of {requests} measured requests failed ({classes}); latencies, rates and "
            "sums are of the others",
            "측정한 요청 {requests}건 가운데 {failed}건이 실패했습니다({classes}). 지연, 속도, "
            "합계는 나머지의 것입니다",
        ),
        Said(
            "find the cause in requests.jsonl; a longer --timeout helps against timeouts",
            "requests.jsonl에서 원인을 찾으세요. 시간 초과라면 --timeout을 늘리세요",
        ),
    ),
    "interrupted-run": Words(
        Said(
            "{done} of {planned} repetitions are complete",
            "반복 {planned}번 가운데 {done}번만 끝났습니다",
        ),
        _GO_ON,
    ),
    "interrupted-run/cut": Words(
        Said(
            "{done} of {planned} repetitions are complete, {cut} more cut off: it counts in "
            "latencies only",
            "반복 {planned}번 가운데 {done}번만 끝났고 {cut}번은 중간에 끊겨 지연에만 들어갑니다",
        ),
        _GO_ON,
    ),
    "output-lengths-differ/repetitions": Words(
        Said(
            "repetitions wrote {least} to {most} tokens for the same articles: totals and "
            "requests per second are of unlike work; rates per token stand",
            "같은 기사에 반복마다 {least}~{most}토큰을 썼습니다. 총시간과 초당 요청 수는 서로 "
            "다른 일의 값이고, 토큰당 속도는 쓸 수 있습니다",
        ),
        Said(
            "use an engine that forces the output length, or a fixed --seed and --temperature 0",
            "출력 길이를 강제하는 엔진을 쓰거나 --seed를 고정하고 --temperature 0으로 두세요",
        ),
    ),
    "short-answers": Words(
        Said(
            "{short} of {counted} answers are shorter than the {asked} tokens that were asked "
            "for, the shortest {least}",
            "답 {counted}개 가운데 {short}개가 요청한 {asked}토큰보다 짧고, 가장 짧은 것은 "
            "{least}토큰입니다",
        ),
        _COMPARE_RATES,
    ),
    "short-answers/forced": Words(
        Said(
            "{short} of {counted} answers are shorter than the {asked} tokens that were asked "
            "for, the shortest {least}; this engine was to force the length",
            "답 {counted}개 가운데 {short}개가 요청한 {asked}토큰보다 짧고, 가장 짧은 것은 "
            "{least}토큰입니다. 길이를 강제해야 하는 엔진입니다",
        ),
        _COMPARE_RATES,
    ),
    "too-few-repetitions": Words(
        Said(
            "{n} complete repetitions: a difference of {effect} % between two hosts at {noise} % "
            "noise needs {needed} to be found 9 times in 10",
            "끝난 반복이 {n}번입니다. 잡음 {noise} %에서 두 호스트의 {effect} % 차이를 열에 아홉 "
            "번 찾으려면 {needed}번이 필요합니다",
        ),
        Said(
            "run with --repetitions {needed}",
            "--repetitions {needed} 로 실행하세요",
        ),
    ),
    "too-few-repetitions/no-interval": Words(
        Said(
            "{n} complete repetition: no interval can be given and nothing compared",
            "끝난 반복이 {n}번이라 구간을 낼 수 없고 비교할 수 없습니다",
        ),
        Said(
            "run with --repetitions {needed}",
            "--repetitions {needed} 로 실행하세요",
        ),
    ),
    "too-few-samples": Words(
        Said(
            "{n} requests: percentiles are shown above their floors only; missing are {floors}",
            "요청이 {n}건입니다. 백분위수는 하한 이상일 때만 보입니다. 빠진 것: {floors}",
        ),
        Said(
            "more --articles or --repetitions give more requests",
            "--articles나 --repetitions를 늘리면 요청이 늘어납니다",
        ),
    ),
    "drift/within": Words(
        Said(
            "after warm-up the time per token drifted: by {within} % from the first to the second "
            "half of a repetition",
            "예열 뒤 토큰당 시간이 변했습니다. 반복의 앞 절반에서 뒤 절반으로 {within} %",
        ),
        _LOOK_FOR_HEAT,
    ),
    "drift/across": Words(
        Said(
            "after warm-up the time per token drifted: by {across} % from the first to the last "
            "repetition",
            "예열 뒤 토큰당 시간이 변했습니다. 첫 반복에서 마지막 반복으로 {across} %",
        ),
        _LOOK_FOR_HEAT,
    ),
    "drift/both": Words(
        Said(
            "after warm-up the time per token drifted: by {within} % from the first to the second "
            "half of a repetition, and by {across} % from the first to the last repetition",
            "예열 뒤 토큰당 시간이 변했습니다. 반복의 앞 절반에서 뒤 절반으로 {within} %, 첫 "
            "반복에서 마지막 반복으로 {across} %",
        ),
        _LOOK_FOR_HEAT,
    ),
    "outliers": Words(
        Said(
            "{found} of {requests} requests stand apart in their time per token ({listed}); they "
            "are counted",
            "요청 {requests}건 가운데 {found}건의 토큰당 시간이 유난히 다릅니다({listed}). 빼지 "
            "않고 셉니다",
        ),
        Said(
            "look at the samples around them for other load",
            "그 시각의 샘플에서 다른 부하를 찾아보세요",
        ),
    ),
    "late-client": Words(
        Said(
            "requests left up to {late_ms} ms after their time: the client, not the engine, made "
            "part of the latency",
            "요청이 예정보다 최대 {late_ms} ms 늦게 나갔습니다. 지연의 일부는 엔진이 아니라 "
            "클라이언트가 만들었습니다",
        ),
        Said(
            "run the client on a host of its own, or lower --rate",
            "클라이언트를 다른 호스트에서 실행하거나 --rate를 낮추세요",
        ),
    ),
    "overloaded": Words(
        Said(
            "requests came at {rate} a second and were finished at {pace}: {waiting} of "
            "{requests} still waited when the last one was due, so latencies grow with the length "
            "of the run",
            "요청이 초당 {rate}건 들어오고 {pace}건 끝났습니다. 마지막 요청이 나갈 때 {requests}건 "
            "가운데 {waiting}건이 기다리고 있었으므로 실행이 길수록 지연이 커집니다",
        ),
        Said(
            "lower --rate below what is finished, or compare in closed loop",
            "--rate를 끝나는 속도보다 낮추거나 동시 요청 수를 고정해 비교하세요",
        ),
    ),
    # the run's course
    "slo-missed": Words(
        Said(
            "no rate meets {slo}: the lowest that was tried, {lowest} a second, missed it, and "
            "slower ones hardly wait for each other",
            "{slo}을(를) 지키는 속도가 없습니다. 시도한 가장 낮은 속도인 초당 {lowest}건도 "
            "넘었고, 더 느리면 서로 거의 기다리지 않습니다",
        ),
        Said(
            "raise the limit, shorten --output-tokens, or use a faster host",
            "제한을 늘리거나 --output-tokens를 줄이거나 더 빠른 호스트를 쓰세요",
        ),
    ),
    "slo-search-unfinished": Words(
        Said(
            "the search for the highest rate ended after {steps} steps, before it had narrowed it "
            "down to 10 %",
            "가장 높은 속도를 찾는 일이 10 % 이내로 좁히기 전에 {steps}단계에서 끝났습니다",
        ),
        Said("go on with it: yoyak run --resume RUN", "이어서 하세요: yoyak run --resume RUN"),
    ),
    "slo-uncertain": Words(
        Said(
            "{rate} a second met the targets, but {n} requests cannot make sure: the share of "
            "requests over the limit lies between ({shares}) with 95 % confidence",
            "초당 {rate}건은 목표를 지켰지만 요청 {n}건으로는 확실하지 않습니다. 제한을 넘는 "
            "요청의 비율은 95 % 신뢰도로 ({shares}) 사이입니다",
        ),
        Said(
            "confirm it with repetitions: yoyak run --rate {rate} --duration T, or a lower rate",
            "반복해서 확인하세요: yoyak run --rate {rate} --duration T, 또는 더 낮은 속도",
        ),
    ),
    "resumed-run": Words(
        Said(
            "the run was cut off and gone on with {times} time(s), the last at {at} from block "
            "{repetition}: the host may have changed in between; {superseded} requests of "
            "cut-off blocks are kept and in no result",
            "실행이 끊겼다가 {times}번 이어졌고 마지막은 {at}, {repetition}번째 블록부터입니다. 그 "
            "사이 호스트가 달라졌을 수 있습니다. 끊긴 블록의 요청 {superseded}건은 남아 있지만 "
            "결과에는 없습니다",
        ),
    ),
    "resumed-run/reboot": Words(
        Said(
            "the run was cut off and gone on with {times} time(s), the last at {at} from block "
            "{repetition}, and the host was booted anew in between: memory and page cache began "
            "empty, and only the wall clock ties the parts; {superseded} requests of cut-off "
            "blocks are kept and in no result",
            "실행이 끊겼다가 {times}번 이어졌고 마지막은 {at}, {repetition}번째 블록부터입니다. 그 "
            "사이 호스트를 다시 켰으므로 메모리와 페이지 캐시가 비워졌고, 앞뒤를 잇는 것은 벽시계 "
            "뿐입니다. 끊긴 블록의 요청 {superseded}건은 남아 있지만 결과에는 없습니다",
        ),
        Said(
            "compare the repetitions before and after; if they differ, run again in one go",
            "앞뒤 반복을 비교해 다르면 한 번에 다시 실행하세요",
        ),
    ),
    # what the engine told
    "cached-tokens": Words(
        Said(
            "up to {percent} % of a prompt's tokens came from the engine's cache, as the fixed "
            "words of a chat template do; prompt rates leave them out",
            "프롬프트 토큰의 최대 {percent} %가 엔진 캐시에서 나왔습니다. 채팅 템플릿의 고정된 "
            "말이 그렇습니다. 프롬프트 속도에서는 뺐습니다",
        ),
    ),
    "engine-unobserved/elsewhere": Words(
        Said(
            "the engine at {url} does not run on this host, so its memory and CPU time are "
            "unknown, and the host's figures are the client's",
            "{url}의 엔진은 이 호스트에서 돌지 않으므로 메모리와 CPU 시간을 알 수 없고, 호스트 "
            "수치는 클라이언트의 것입니다",
        ),
        Said(
            "run yoyak on the engine's host; in containers, in the host's pid namespace "
            "(pid: host)",
            "엔진이 있는 호스트에서 실행하세요. 컨테이너라면 호스트의 pid 네임스페이스를 "
            "쓰세요(pid: host)",
        ),
    ),
    "engine-unobserved/hidden": Words(
        Said(
            "the engine at {url} runs on this host, but its process is not shown to us: its memory "
            "and CPU time are unknown",
            "{url}의 엔진은 이 호스트에서 돌지만 그 프로세스가 보이지 않아 메모리와 CPU 시간을 "
            "알 수 없습니다",
        ),
        Said(
            "run as the engine's user or as root; in containers, in the host's pid namespace "
            "(pid: host)",
            "엔진의 사용자나 root로 실행하세요. 컨테이너라면 호스트의 pid 네임스페이스를 쓰세요"
            "(pid: host)",
        ),
    ),
    "engine-unobserved/several": Words(
        Said(
            "more than one process on this host could be the engine at {url}: its memory and CPU "
            "time are unknown, for a guess could name the wrong one",
            "이 호스트에서 {url}의 엔진일 수 있는 프로세스가 둘 이상입니다. 잘못 고를 수 있으므로 "
            "메모리와 CPU 시간은 알 수 없습니다",
        ),
        Said(
            "stop the other one, or give the engine's own address (docker inspect shows a "
            "container's)",
            "다른 것을 멈추거나 엔진 자신의 주소를 지정하세요(컨테이너 주소는 docker inspect에 "
            "나옵니다)",
        ),
    ),
    "cached-tokens/void": Words(
        Said(
            "up to {percent} % of a prompt's tokens came from the engine's cache: prompt rates "
            "are void, and times to first token are too short",
            "프롬프트 토큰의 최대 {percent} %가 엔진 캐시에서 나왔습니다. 프롬프트 속도는 "
            "무효이고 첫 토큰까지의 시간은 실제보다 짧습니다",
        ),
        Said(
            "switch the engine's prompt cache off (Ollama: LLAMA_ARG_CACHE_RAM=0)",
            "엔진의 프롬프트 캐시를 끄세요(Ollama: LLAMA_ARG_CACHE_RAM=0)",
        ),
    ),
    "cached-unknown": Words(
        Said(
            "the engine does not say how many prompt tokens came from its cache; each prompt "
            "begins with a nonce, so that only its own template's first words can have",
            "프롬프트 토큰이 캐시에서 얼마나 나왔는지 엔진이 말하지 않습니다. 프롬프트는 매번 "
            "다른 숫자로 시작하므로 엔진 템플릿의 첫 몇 낱말만 그럴 수 있습니다",
        ),
        Said(
            "use a version that reports cached tokens (Ollama from August 2026)",
            "캐시된 토큰을 알려 주는 버전을 쓰세요(Ollama는 2026년 8월부터)",
        ),
    ),
    "partly-told": Words(
        Said(
            "the engine told some numbers of some requests only ({told}): sums that need all of "
            "them are unknown, rates are of those that it told, or by the client's clock",
            "엔진이 일부 요청에만 값을 알려 주었습니다({told}). 모두가 필요한 합계는 알 수 없고, "
            "속도는 알려 준 요청의 것이거나 클라이언트 시계로 잰 것입니다",
        ),
        Said(
            "update the engine; rates of such runs compare badly",
            "엔진을 최신으로 올리세요. 이런 실행의 속도는 비교하기 어렵습니다",
        ),
    ),
    "clocks-disagree": Words(
        Said(
            "in {longer} of {requests} requests the engine claims to have worked longer than the "
            "request lasted: its times are not of these requests, or not in the unit that we take "
            "them for",
            "요청 {requests}건 가운데 {longer}건에서 엔진이 요청 시간보다 오래 일했다고 합니다. "
            "이 요청의 시간이 아니거나 단위가 다릅니다",
        ),
        Said(
            "update the engine, and report it: rates that rest on its clock are void",
            "엔진을 최신으로 올리고 알려 주세요. 엔진 시계로 잰 속도는 무효입니다",
        ),
    ),
    # setup
    "synthetic-weights": Words(
        Said(
            "the weights are synthetic: the speed is that of the model's shape, the text is "
            "noise. That real weights of this shape run at the same speed follows from the "
            "kernels, which do not look at values, and is not proven here",
            "합성 가중치입니다. 속도는 모델 구조의 것이고 글은 의미가 없습니다. 같은 구조의 실제 "
            "가중치도 속도가 같다는 것은 커널이 값을 보지 않는다는 데서 나오며 여기서 증명하지는 "
            "않았습니다",
        ),
        Said(
            "run with the real weights before a decision: --model FILE.gguf",
            "결정하기 전에 실제 가중치로 실행하세요: --model FILE.gguf",
        ),
    ),
    "load-not-measured": Words(
        Said(
            "the model was never loaded explicitly: there is no load time, no total with load, "
            "and repetitions share one load",
            "모델을 따로 로드하지 않았습니다. 로드 시간과 로드 포함 총시간이 없고 모든 반복이 한 "
            "번의 로드를 함께 씁니다",
        ),
        Said(
            "let yoyak start the engine, or use one that can unload and load",
            "yoyak가 엔진을 띄우게 하거나, 내리고 올릴 수 있는 엔진을 쓰세요",
        ),
    ),
    "load-state-mixed": Words(
        Said(
            "loads began from different states ({states}): load times are not of one kind",
            "로드를 시작한 상태가 서로 다릅니다({states}). 로드 시간이 한 가지가 아닙니다",
        ),
        Said(
            "repeat with the model file in the page cache (run twice), or dropped from it",
            "모델 파일이 페이지 캐시에 있게 하거나(두 번 실행) 캐시에서 비운 뒤 다시 재세요",
        ),
    ),
    "load-state-unknown": Words(
        Said(
            "this host cannot tell whether the weights came from the page cache or from disk, so "
            "load times cannot be compared with others",
            "가중치가 페이지 캐시에서 왔는지 디스크에서 왔는지 이 호스트는 알 수 없어 로드 시간을 "
            "다른 것과 비교할 수 없습니다",
        ),
        Said(
            "run on the engine's own host, with read access to the model file",
            "모델 파일을 읽을 수 있는, 엔진과 같은 호스트에서 실행하세요",
        ),
    ),
    "loads-missing": Words(
        Said(
            "{without} of {repetitions} repetitions have no load of their own on record, so there "
            "is no total with load",
            "반복 {repetitions}번 가운데 {without}번은 로드 기록이 없어 로드 포함 총시간이 "
            "없습니다",
        ),
        Said(
            "look whether loads.jsonl was cut; run again",
            "loads.jsonl이 잘리지 않았는지 보고 다시 실행하세요",
        ),
    ),
    "options-not-followed": Words(
        Said(
            "the engine did not do what was asked: {wrong}",
            "엔진이 요청한 대로 하지 않았습니다: {wrong}",
        ),
        Said(
            "start the engine with these options, or ask for what it does",
            "엔진을 이 옵션으로 띄우거나 엔진이 하는 대로 요청하세요",
        ),
    ),
    "options-unconfirmed": Words(
        Said(
            "the engine does not say whether it followed: {silent}",
            "엔진이 따랐는지 말하지 않는 옵션: {silent}",
        ),
        Said(
            "check its own log, or use llamacpp, which answers for each",
            "엔진의 로그를 보거나, 하나하나 답하는 llamacpp를 쓰세요",
        ),
    ),
    # host
    "host-not-sampled": Words(
        Said(
            "there are no samples of the host: what it, the engine's process and GPUs used is "
            "unknown, and so is what disturbed the run",
            "호스트 샘플이 없습니다. 호스트, 엔진 프로세스, GPU가 쓴 자원과 무엇이 방해했는지 알 "
            "수 없습니다",
        ),
        Said(
            "run again with a yoyak whose samples.jsonl is kept with the run",
            "samples.jsonl이 함께 남도록 다시 실행하세요",
        ),
    ),
    "samples-missing": Words(
        Said(
            "the host was not sampled in {missing_s} s of {measured_s} s: memory, CPU and GPU "
            "figures are of the rest",
            "측정한 {measured_s}초 가운데 {missing_s}초 동안 호스트 샘플이 없습니다. 메모리, CPU, "
            "GPU 값은 나머지의 것입니다",
        ),
        Said(
            "look whether the disk was full or samples.jsonl was cut, and run again",
            "디스크가 가득 찼거나 samples.jsonl이 잘리지 않았는지 보고 다시 실행하세요",
        ),
    ),
    "foreign-cpu": Words(
        Said(
            "other processes used {percent} % of a core while requests were measured; an engine "
            "whose threads wait for each other slows down far more than that",
            "측정하는 동안 다른 프로세스가 코어 하나의 {percent} %를 썼습니다. 스레드가 서로 "
            "기다리는 엔진은 그보다 훨씬 더 느려집니다",
        ),
        Said(
            "stop them and run again; `top` shows who they are",
            "멈추고 다시 실행하세요. `top`에서 볼 수 있습니다",
        ),
    ),
    "steal": Words(
        Said(
            "the hypervisor gave {percent} % of this host's CPU time to others",
            "하이퍼바이저가 이 호스트의 CPU 시간 {percent} %를 다른 곳에 주었습니다",
        ),
        Said(
            "use an instance with dedicated cores, or repeat on another host of the type",
            "전용 코어 인스턴스를 쓰거나 같은 유형의 다른 호스트에서 다시 재세요",
        ),
    ),
    "throttled": Words(
        Said(
            "the engine's CPU quota held it back for {throttled_s} s of {measured_s} s",
            "CPU 할당량 때문에 엔진이 {measured_s}초 가운데 {throttled_s}초 동안 멈춰 있었습니다",
        ),
        Said(
            "raise the container's CPU limit, or use as many --threads as the quota has cores",
            "컨테이너의 CPU 제한을 올리거나 --threads를 할당량의 코어 수에 맞추세요",
        ),
    ),
    "cpu-pressure": Words(
        Said(
            "in {percent} % of the measured time some task waited for a CPU",
            "측정 시간의 {percent} % 동안 CPU를 기다린 작업이 있습니다",
        ),
        Said(
            "use fewer --threads, or move the client to another host",
            "--threads를 줄이거나 클라이언트를 다른 호스트로 옮기세요",
        ),
    ),
    "client-saturated": Words(
        Said(
            "the client used {percent} % of its one core: part of the latency is its own",
            "클라이언트가 코어 하나의 {percent} %를 썼습니다. 지연의 일부는 클라이언트의 것입니다",
        ),
        Said(
            "lower --concurrency or --rate",
            "--concurrency나 --rate를 낮추세요",
        ),
    ),
    "not-calibrated": Words(
        Said(
            "how far this client's own stamps may be off is not known on this host",
            "이 호스트에서 클라이언트 자신의 측정 오차를 알 수 없습니다",
        ),
        Said(
            "measure it once, in about a minute: yoyak calibrate",
            "1분쯤 걸려 한 번 재세요: yoyak calibrate",
        ),
    ),
    "client-past-calibration/saturated": Words(
        Said(
            "{streams} requests at a time are more than the {sound} at which this client keeps up: "
            "part of the latency is its own",
            "동시 요청 {streams}개는 클라이언트가 따라갈 수 있는 {sound}개를 넘습니다. "
            "지연의 일부는 클라이언트의 것입니다",
        ),
        Said(
            "lower --concurrency, or share the load among several clients",
            "--concurrency를 낮추거나 여러 클라이언트로 나누세요",
        ),
    ),
    "client-past-calibration/untested": Words(
        Said(
            "{streams} requests at a time are more than the {sound} at which this client was "
            "calibrated: its own error is not known",
            "동시 요청 {streams}개는 교정한 {sound}개를 넘어 클라이언트 자신의 오차를 "
            "알 수 없습니다",
        ),
        Said(
            "calibrate as many: yoyak calibrate --concurrency {streams}",
            "그만큼 교정하세요: yoyak calibrate --concurrency {streams}",
        ),
    ),
    "client-past-calibration/never-sound": Words(
        Said(
            "when it was calibrated, this client kept up at no number of streams",
            "교정할 때 클라이언트가 어떤 스트림 수에서도 따라가지 못했습니다",
        ),
        Said(
            "see what keeps this host busy, then: yoyak calibrate",
            "호스트를 바쁘게 하는 것을 찾은 뒤: yoyak calibrate",
        ),
    ),
    "client-past-calibration/rate": Words(
        Said(
            "{rate} tokens/s are more than the {sound} at which this client was seen to keep up",
            "초당 토큰 {rate}개는 클라이언트가 따라가는 것이 확인된 {sound}개를 넘습니다",
        ),
        Said(
            "calibrate more streams: yoyak calibrate --concurrency 512,1024",
            "더 많은 스트림으로 교정하세요: yoyak calibrate --concurrency 512,1024",
        ),
    ),
    "gpu-idle": Words(
        Said(
            "{gpus} did no work ({percent} % busy): the CPU was measured",
            "{gpus}가 일하지 않았습니다(사용률 {percent} %). CPU를 잰 것입니다",
        ),
        Said(
            "use a CUDA build of the engine (yoyak engine build --cuda), and check that the "
            "container sees the GPU",
            "CUDA로 만든 엔진을 쓰고(yoyak engine build --cuda) 컨테이너에서 GPU가 보이는지 "
            "확인하세요",
        ),
    ),
    "avx512-unused": Words(
        Said(
            "this CPU has AVX-512, the engine's build does not use it: a native build evaluated "
            "prompts 1.6 times as fast where we compared, so this is no fair judge between hosts "
            "with and without it",
            "이 CPU에는 AVX-512가 있지만 엔진 빌드가 쓰지 않습니다. 우리가 비교했을 때 네이티브 "
            "빌드의 프롬프트 처리가 1.6배 빨랐으므로, AVX-512가 있는 호스트와 없는 호스트를 "
            "공정하게 비교하지 못합니다",
        ),
        Said(
            "build llama.cpp for this very CPU, once on every host: yoyak engine build",
            "모든 호스트에서 그 CPU에 맞게 llama.cpp를 한 번씩 빌드하세요: yoyak engine build",
        ),
    ),
    "small-pages": Words(
        Said(
            "{percent} % of the engine's {gib} GiB lie in huge pages: in small ones it wrote up to "
            "17 % more slowly where we compared, and how much so changed from load to load",
            "엔진 메모리 {gib} GiB 중 {percent} %만 대형 페이지에 있습니다. 우리가 비교했을 때 "
            "작은 페이지에서는 생성이 최대 17 % 느렸고 그 정도가 로드마다 달랐습니다",
        ),
        Said(
            "where the host does not give them yet, before the engine starts, as root and on every "
            "host alike: echo always > /sys/kernel/mm/transparent_hugepage/enabled",
            "호스트가 아직 주지 않는다면 엔진을 시작하기 전에 모든 호스트에서 똑같이, root로: "
            "echo always > /sys/kernel/mm/transparent_hugepage/enabled",
        ),
    ),
    "burstable-instance": Words(
        Said(
            "{instance_type} runs on CPU credits: its speed falls when they are spent",
            "{instance_type}은(는) CPU 크레딧으로 돌아가며 크레딧이 떨어지면 느려집니다",
        ),
        Said(
            "use a type without credits, or switch to unlimited and run longer than they last",
            "크레딧이 없는 유형을 쓰거나, 무제한으로 바꾸고 크레딧보다 오래 실행하세요",
        ),
    ),
    "engine-restarted": Words(
        Said(
            "the engine's process was replaced {times} times between measured requests: a load "
            "hides in some of them",
            "측정한 요청 사이에 엔진 프로세스가 {times}번 바뀌었습니다. 일부 요청에 로드가 숨어 "
            "있습니다",
        ),
        Said(
            "read the engine's log for a crash or for out of memory",
            "엔진 로그에서 비정상 종료나 메모리 부족을 찾아보세요",
        ),
    ),
    # the run's files
    "cut-line": Words(
        Said(
            "the last line of {names} was cut off, as by a crash or a copy that broke off; it is "
            "left out",
            "{names}의 마지막 줄이 잘렸습니다. 비정상 종료나 끊긴 복사 때문이며 그 줄은 뺐습니다",
        ),
        Said(
            "copy the folder from its host again; if it is so there, run again",
            "호스트에서 폴더를 다시 복사하세요. 거기서도 그렇다면 다시 실행하세요",
        ),
    ),
    "sampler-died": Words(
        Said(
            "host samples end early: {reason}",
            "호스트 샘플이 일찍 끝났습니다: {reason}",
        ),
        Said(
            "free disk space or memory, and run again",
            "디스크나 메모리를 비우고 다시 실행하세요",
        ),
    ),
}
