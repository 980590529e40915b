"""The words of findings about a set of runs, by key, English then Korean."""

from collections.abc import Mapping

from yoyak.analysis.findings.words import Said, Words

_FIX_LENGTH = Said(
    "fix the output length: llamacpp forces it; compare rates per token meanwhile",
    "출력 길이를 고정하세요. llamacpp는 강제합니다. 그때까지는 토큰당 속도를 비교하세요",
)

STUDY_WORDS: Mapping[str, Words] = {
    "gate-unknown": Words(
        Said(
            "whether the runs did the same work is unknown in: {codes}; there are tables and no "
            "verdict",
            "같은 일을 했는지 알 수 없는 항목: {codes}. 그래서 표만 있고 판정은 없습니다",
        ),
        Said(
            "run again, or accept what is unknown: {options}",
            "다시 실행하거나, 모르는 채로 받아들이세요: {options}",
        ),
    ),
    "gate-allowed": Words(
        Said(
            "accepted by --allow although it differs or is unknown: {codes}",
            "다르거나 알 수 없지만 --allow로 받아들인 항목: {codes}",
        ),
    ),
    "output-lengths-differ/hosts": Words(
        Said(
            "the outputs differ in length (characters: {listed}), so the totals and rates over "
            "totals are of unlike work",
            "출력 길이가 다릅니다(글자 수: {listed}). 총시간과 총시간으로 나눈 속도는 서로 다른 "
            "일의 값입니다",
        ),
        _FIX_LENGTH,
    ),
    "output-lengths-differ/recovered": Words(
        Said(
            "the outputs differ in length (characters, recovered from rate times total: "
            "{listed}), so the totals and rates over totals are of unlike work",
            "출력 길이가 다릅니다(속도와 총시간을 곱해 되살린 글자 수: {listed}). 총시간과 "
            "총시간으로 나눈 속도는 서로 다른 일의 값입니다",
        ),
        _FIX_LENGTH,
    ),
    "equal-length-bounds": Words(
        Said(
            "at {least} characters, the shortest, only bounds follow ({spans})",
            "가장 짧은 {least}자로 맞추면 범위만 알 수 있습니다({spans})",
        ),
    ),
    "equal-length-bounds/unordered": Words(
        Said(
            "at {least} characters, the shortest, only bounds follow ({spans}), so these cannot "
            "be ordered: {pairs}",
            "가장 짧은 {least}자로 맞추면 범위만 알 수 있어({spans}) 다음은 순서를 정할 수 "
            "없습니다: {pairs}",
        ),
    ),
    "of-single-runs/invalid": Words(
        Said(
            "single runs are invalid by their own findings ({listed})",
            "단독으로도 무효인 실행이 있습니다({listed})",
        ),
        Said(
            "yoyak report RUN tells each in full; run those hosts again",
            "yoyak report RUN 에 자세한 내용이 있습니다. 해당 호스트를 다시 실행하세요",
        ),
    ),
    "of-single-runs/warning": Words(
        Said(
            "single runs have warnings of their own ({listed})",
            "단독으로도 경고가 있는 실행이 있습니다({listed})",
        ),
        Said(
            "yoyak report RUN tells each in full",
            "yoyak report RUN 에 자세한 내용이 있습니다",
        ),
    ),
    "loading-inside-total": Words(
        Said(
            "loading the model is inside the total of {labels}, and how long it took was not "
            "recorded: the total of a fast host may be mostly loading",
            "{labels}의 총시간에는 모델 로드가 들어 있고 얼마나 걸렸는지 기록이 없습니다. 빠른 "
            "호스트의 총시간은 거의 로드일 수도 있습니다",
        ),
        Said(
            "run again: yoyak times loads apart",
            "다시 실행하세요. yoyak는 로드를 따로 잽니다",
        ),
    ),
    "rates-share-total": Words(
        Said(
            "both rates of {labels} divide by one and the same total, so they are one "
            "measurement, not two: neither is the speed of prompt evaluation or of decoding",
            "{labels}의 두 속도는 같은 총시간으로 나눈 것이라 측정 하나이지 둘이 아닙니다. "
            "프롬프트 처리나 디코딩의 속도가 아닙니다",
        ),
        Said(
            "run again with an engine that times its phases",
            "단계별 시간을 알려 주는 엔진으로 다시 실행하세요",
        ),
    ),
    "memory-differs": Words(
        Said(
            "hosts of size {size} do not have the same memory: {listed}",
            "{size} 크기의 호스트인데 메모리가 다릅니다: {listed}",
        ),
    ),
    "gpu-unobserved": Words(
        Said(
            "{labels} has a GPU ({gpu}), and nothing recorded whether the engine used it: a CPU "
            "may have been measured",
            "{labels}에는 GPU({gpu})가 있지만 엔진이 썼는지 기록이 없습니다. CPU를 쟀을 수도 "
            "있습니다",
        ),
        Said(
            "run again: yoyak samples GPUs and records the engine's backend",
            "다시 실행하세요. yoyak는 GPU를 샘플링하고 엔진의 백엔드를 기록합니다",
        ),
    ),
    "backend-differs": Words(
        Said(
            "the engine's backend differs between hosts ({listed}): the comparison is of host and "
            "build together",
            "호스트마다 엔진의 백엔드가 다릅니다({listed}). 호스트와 빌드를 함께 비교하는 것입니다",
        ),
    ),
    "isa-differs": Words(
        Said(
            "the engine's instruction sets differ between hosts ({listed}): the comparison is of "
            "host and build together",
            "호스트마다 엔진의 명령어 집합이 다릅니다({listed}). 호스트와 빌드를 함께 비교하는 "
            "것입니다",
        ),
    ),
    "pages-differ": Words(
        Said(
            "the engine's memory lies in huge pages on some hosts and in small ones on others "
            "({listed}): up to 17 % of decode speed may be the pages, not the host",
            "엔진 메모리가 어떤 호스트에서는 대형 페이지에, 다른 호스트에서는 작은 페이지에 "
            "있습니다({listed}). 생성 속도 차이 중 최대 17 %는 호스트가 아니라 페이지의 차이일 수 "
            "있습니다",
        ),
        Said(
            "let every engine have huge pages (before it starts, as root: "
            "echo always > /sys/kernel/mm/transparent_hugepage/enabled) and run again",
            "모든 엔진이 대형 페이지를 쓰게 하고(엔진을 시작하기 전에 root로: "
            "echo always > /sys/kernel/mm/transparent_hugepage/enabled) 다시 실행하세요",
        ),
    ),
    "placement-differs": Words(
        Said(
            "not every engine is known to ask for huge pages ({listed}; runs of earlier versions "
            "of yoyak say nothing): without them decode was up to 17 % slower on the same host",
            "모든 엔진이 대형 페이지를 요청한 것으로 알려져 있지는 않습니다({listed}. 이전 버전의 "
            "yoyak 실행에는 기록이 없습니다). 대형 페이지가 없으면 같은 호스트에서 생성이 최대 "
            "17 % 느렸습니다",
        ),
        Said(
            "run all of them with this version and the same engine",
            "모두 이 버전과 같은 엔진으로 다시 실행하세요",
        ),
    ),
    "build-differs": Words(
        Said(
            "the engine's build differs between hosts ({listed}): the comparison is of host and "
            "build together",
            "호스트마다 엔진의 빌드가 다릅니다({listed}). 호스트와 빌드를 함께 비교하는 것입니다",
        ),
    ),
    "models-differ": Words(
        Said(
            "the models' names differ ({listed}), and no digest says that they are the same: what "
            "is compared may be models, not hosts",
            "모델 이름이 다르고({listed}) 같은 모델이라는 다이제스트가 없습니다. 호스트가 아니라 "
            "모델을 비교하는 것일 수 있습니다",
        ),
        Said(
            "run the same model everywhere",
            "모든 호스트에서 같은 모델을 실행하세요",
        ),
    ),
    "price-sources-differ": Words(
        Said(
            "prices come from different sources: {sources}",
            "가격의 출처가 서로 다릅니다: {sources}",
        ),
        Said(
            "give one price file with --prices",
            "--prices로 가격 파일 하나를 주세요",
        ),
    ),
    "articles-not-paired": Words(
        Said(
            "repetitions of {labels} or of the baseline do not hold each article once, since "
            "requests failed or they ran for a time; without the requests of both, a mix of short "
            "articles passes for a fast host",
            "{labels} 또는 기준의 반복에 기사가 한 번씩 들어 있지 않습니다. 실패한 요청이 있거나 "
            "시간을 정해 실행했기 때문입니다. 양쪽의 요청이 없으면 짧은 기사가 많은 쪽이 빠른 "
            "호스트처럼 보입니다",
        ),
        Said(
            "name run folders instead of perf.json, the baseline's too: articles are then paired",
            "perf.json 대신 실행 폴더를 주세요(기준도). 그러면 기사를 짝지어 비교합니다",
        ),
    ),
}
