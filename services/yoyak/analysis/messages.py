"""The words of a comparison by key, English then Korean, with the same fields in both."""

from collections.abc import Callable, Mapping

from yoyak.analysis.comparison import Language

Say = Callable[..., str]

TEXT: Mapping[str, tuple[str, str]] = {
    # metrics
    "decode_tokens_per_s": ("Decoding", "디코딩"),
    "prompt_tokens_per_s": ("Prompt evaluation", "프롬프트 처리"),
    "requests_per_s": ("Articles a second", "초당 기사 수"),
    "articles_per_usd": ("Articles for a dollar", "1달러당 기사 수"),
    "output_chars_per_s": ("Output characters", "출력 글자"),
    "prompt_chars_per_s": ("Prompt characters", "프롬프트 글자"),
    "model_load_s": ("Model load", "모델 로드"),
    # verdicts
    "faster_decode_tokens_per_s": (
        "decodes {ratio} faster than {baseline}",
        "디코딩이 {baseline}보다 {ratio} 빠릅니다",
    ),
    "slower_decode_tokens_per_s": (
        "decodes {ratio} slower than {baseline}",
        "디코딩이 {baseline}보다 {ratio} 느립니다",
    ),
    "faster_prompt_tokens_per_s": (
        "evaluates prompts {ratio} faster than {baseline}",
        "프롬프트 처리가 {baseline}보다 {ratio} 빠릅니다",
    ),
    "slower_prompt_tokens_per_s": (
        "evaluates prompts {ratio} slower than {baseline}",
        "프롬프트 처리가 {baseline}보다 {ratio} 느립니다",
    ),
    "faster_requests_per_s": (
        "finishes articles {ratio} faster than {baseline}",
        "기사 처리가 {baseline}보다 {ratio} 빠릅니다",
    ),
    "slower_requests_per_s": (
        "finishes articles {ratio} slower than {baseline}",
        "기사 처리가 {baseline}보다 {ratio} 느립니다",
    ),
    "faster_articles_per_usd": (
        "costs {ratio} less per article than {baseline}",
        "기사당 비용이 {baseline}보다 {ratio} 쌉니다",
    ),
    "slower_articles_per_usd": (
        "costs {ratio} more per article than {baseline}",
        "기사당 비용이 {baseline}보다 {ratio} 비쌉니다",
    ),
    "times": ("{value}x [{low}, {high}]", "{value}배 [{low}, {high}]"),
    "no_difference": (
        "no difference from {baseline} shown in: {metrics}",
        "{baseline}와(과) 차이가 확인되지 않은 항목: {metrics}",
    ),
    "verdict": ("{label}: {parts}.", "{label}: {parts}."),
    "verdict_type": (
        "Type {label} ({hosts} hosts): {parts}.",
        "유형 {label} (호스트 {hosts}대): {parts}.",
    ),
    # who is first
    "first_requests_per_s": (
        "Finishes most articles: {labels}.",
        "기사를 가장 빨리 처리하는 쪽: {labels}.",
    ),
    "first_articles_per_usd": (
        "Costs least per article: {labels}.",
        "기사당 비용이 가장 적은 쪽: {labels}.",
    ),
    # why this baseline
    "baseline_asked": ("as asked for", "요청한 기준"),
    "baseline_cheapest": (
        "the cheapest an hour of those whose price is known",
        "가격을 아는 호스트 가운데 시간당 가장 싼 것",
    ),
    "baseline_first": ("the first one named: no price is known", "가격을 몰라 첫째로 적은 것"),
    # gate
    "gate_dataset": ("Dataset", "데이터셋"),
    "gate_articles": ("Articles", "기사"),
    "gate_template": ("Prompt template", "프롬프트 템플릿"),
    "gate_output-tokens": ("Output tokens", "출력 토큰 수"),
    "gate_output-forced": ("Output length forced", "출력 길이 강제"),
    "gate_context": ("Context", "컨텍스트"),
    "gate_batch": ("Batch", "배치"),
    "gate_seed": ("Seed", "시드"),
    "gate_temperature": ("Temperature", "온도"),
    "gate_load": ("Load", "부하"),
    "gate_slots": ("Slots", "슬롯"),
    "gate_threads": ("Rule for threads", "스레드 규칙"),
    "gate_weights": ("Weights", "가중치"),
    "gate_quantization": ("Quantization", "양자화"),
    "gate_engine": ("Engine and version", "엔진과 버전"),
    "gate_via": ("Way to the engine", "엔진까지의 경로"),
    "gate_load-state": ("State before loading", "로드 전 상태"),
    "gate_rate-source": ("Clock of the rates", "속도를 잰 시계"),
    "why_dataset": ("other texts are other work", "글이 다르면 일이 다릅니다"),
    "why_articles": ("other articles are other work", "기사가 다르면 일이 다릅니다"),
    "why_template": (
        "another template makes other prompts of the same articles",
        "템플릿이 다르면 같은 기사도 다른 프롬프트가 됩니다",
    ),
    "why_output-tokens": (
        "time to decode grows with every token that is written",
        "디코딩 시간은 출력 토큰 수에 비례합니다",
    ),
    "why_output-forced": (
        "an answer that may end early is less work",
        "일찍 끝날 수 있는 답은 일이 적습니다",
    ),
    "why_context": (
        "a larger context takes memory and may move layers off a GPU",
        "컨텍스트가 크면 메모리를 더 쓰고 GPU에서 밀려나는 층이 생깁니다",
    ),
    "why_batch": (
        "prompt evaluation depends on the batch",
        "프롬프트 처리 속도는 배치 크기에 달렸습니다",
    ),
    "why_seed": (
        "the seed decides the order of articles and, above temperature 0, the text",
        "시드가 기사 순서와 (온도가 0보다 크면) 글을 정합니다",
    ),
    "why_temperature": (
        "sampling takes time and changes the text",
        "샘플링은 시간이 들고 글을 바꿉니다",
    ),
    "why_load": (
        "how many requests wait for each other decides latency and throughput",
        "동시에 기다리는 요청 수가 지연과 처리량을 정합니다",
    ),
    "why_slots": (
        "in open loop an engine that works on more requests at once reaches other rates",
        "열린 루프에서는 엔진이 동시에 처리하는 요청 수에 따라 도달하는 요청률이 다릅니다",
    ),
    "why_threads": (
        "hosts may use different numbers of threads, but by the same rule",
        "스레드 수는 달라도 되지만 정하는 규칙은 같아야 합니다",
    ),
    "why_weights": ("other weights are another model", "가중치가 다르면 다른 모델입니다"),
    "why_quantization": (
        "decoding moves the weights through memory: fewer bits, more tokens",
        "디코딩은 가중치를 메모리에서 읽는 일이라 비트가 적을수록 빠릅니다",
    ),
    "why_engine": (
        "kernels and defaults change between versions",
        "버전에 따라 커널과 기본값이 다릅니다",
    ),
    "why_via": (
        "a service in between adds to what the client measures",
        "중간 서비스는 클라이언트가 재는 시간에 더해집니다",
    ),
    "why_load-state": (
        "a load from disk is no load from the page cache",
        "디스크 로드와 페이지 캐시 로드는 다른 일입니다",
    ),
    "why_rate-source": (
        "the engine's clock and the client's do not measure the same span",
        "엔진 시계와 클라이언트 시계는 같은 구간을 재지 않습니다",
    ),
    "mend_differs": (
        "run again with the same setting, or accept it: --allow {code}",
        "같은 설정으로 다시 재거나 --allow {code} 로 허용하세요",
    ),
    "mend_unknown": (
        "run again with a yoyak that records it, or accept it: --allow {code}",
        "이 값을 기록하는 yoyak로 다시 재거나 --allow {code} 로 허용하세요",
    ),
    "mend_same": ("nothing to do", "조치 불필요"),
    # columns
    "col_highest_met_per_s": ("Highest rate in target", "목표 내 최고 속도"),
    "col_vcpu": ("vCPU", "vCPU"),
    "col_memory_bytes": ("Memory", "메모리"),
    "col_processor": ("Processor", "프로세서"),
    "col_accelerator": ("GPU", "GPU"),
    "col_network": ("Network", "네트워크"),
    "col_usd_per_hour": ("Price", "가격"),
    "col_price_source": ("Source of the price", "가격 출처"),
    "col_usd_per_1000_articles": ("1,000 articles", "기사 1,000건"),
    "col_usd_per_million_output_tokens": ("Million output tokens", "출력 100만 토큰"),
    "col_total_s": ("One pass", "한 번 처리"),
    "col_total_with_load_s": ("One pass with loading", "로드 포함"),
    "col_prompt_chars_per_total_s": ("Prompt over total", "프롬프트/총시간"),
    "col_output_chars_per_total_s": ("Output over total", "출력/총시간"),
    "col_time_to_first_token_s": ("First token, mean", "첫 토큰 평균"),
    "col_end_to_end_s": ("Whole answer, mean", "전체 응답 평균"),
    "col_engine_rss_peak_bytes": ("Engine memory, peak", "엔진 메모리 최대"),
    "col_client_rss_end_bytes": ("Client memory", "클라이언트 메모리"),
    "col_failed": ("Failed", "실패"),
    "col_output_length": ("Output characters", "출력 글자 수"),
    "col_at_equal_length": ("At {count} characters", "{count}자로 맞추면"),
    # tables
    "table_runs": ("All runs", "전체"),
    "table_family": ("Family {name} by size", "{name} 계열, 크기별"),
    "table_size": ("Size {name} by family", "{name} 크기, 계열별"),
    "table_types": ("Instance types over several hosts", "여러 호스트로 본 인스턴스 유형"),
    "table_times": ("Times as fast as {baseline}", "{baseline} 대비 배수"),
    "table_ranking": ("Ranking", "순위"),
    "col_order": ("Best first", "좋은 순서"),
    "ranking_of_types": ("{metric}, by type", "{metric}, 유형별"),
    "note_ranking": (
        (
            "> is ahead of; ≈ cannot be told apart. Every pair was compared on repetition values "
            "(types: on hosts), Holm-corrected over the pairs of a row."
        ),
        (
            "> 앞섬, ≈ 구별되지 않음. 반복(유형은 호스트)의 값으로 모든 쌍을 비교했고 행마다 쌍 "
            "전체에 Holm 보정을 했습니다."
        ),
    ),
    "table_cost": ("Cost", "비용"),
    "table_specifications": ("Specifications", "사양"),
    "table_lengths": ("Totals at equal output length", "출력 길이를 맞춘 총시간"),
    "note_old_rates": (
        (
            "Both are characters over the total with loading, as the old study had it: neither is "
            "the speed of a phase."
        ),
        "둘 다 옛 정의대로 로드를 포함한 총시간으로 나눈 값이며, 어느 단계의 속도도 아닙니다.",
    ),
    "note_times": (
        (
            "Above 1 is better than the baseline. 95 % intervals of each comparison by itself; "
            "verdicts are Holm-corrected over the rows."
        ),
        (
            "1보다 크면 기준보다 낫습니다. 구간은 비교 하나의 95 % 구간이며 판정은 행 전체에 Holm "
            "보정을 했습니다."
        ),
    ),
    "note_lengths": (
        (
            "A total is load, prompt and decode together. What part of it grows with the output is "
            "unknown, so at the length of the shortest output it lies between the part that would "
            "be left if all of it did, and the whole."
        ),
        (
            "총시간은 로드, 프롬프트, 디코딩의 합입니다. 그중 출력에 비례하는 부분을 모르므로, "
            "가장 짧은 출력의 길이에서는 전부 비례할 때의 값과 전체 사이에 있습니다."
        ),
    ),
    "note_specifications": (
        "As published for the type, or as the host recorded them. Sources: {sources}",
        "공개된 유형 사양 또는 호스트가 기록한 값입니다. 출처: {sources}",
    ),
    "note_cost": (
        (
            "For a host kept as busy as it was when measured; loading, idle time, storage and "
            "traffic are not in it."
        ),
        "측정할 때만큼 계속 바쁜 호스트 기준이며 로드, 유휴 시간, 저장소, 트래픽은 빠져 있습니다.",
    ),
    # what the data cannot say
    "cannot_one_host": (
        (
            "One host of each type was measured. Another of the same type may differ by more than "
            "these intervals: they are of repetitions on one host."
        ),
        (
            "유형마다 호스트 한 대만 쟀습니다. 구간은 한 호스트의 반복에서 나온 것이라 같은 유형의 "
            "다른 호스트는 더 다를 수 있습니다."
        ),
    ),
    "cannot_metrics": (
        (
            "The 5 % risk of a false alarm holds over all hosts for each metric by itself, not "
            "over all metrics together."
        ),
        "오경보 5 %는 지표마다 모든 호스트에 걸친 값이며 모든 지표를 합친 값이 아닙니다.",
    ),
    "cannot_small": (
        (
            "With {hosts} hosts, a difference of {effect} % at {noise} % noise needs {needed} "
            "repetitions to be found 9 times in 10; the fewest here are {n}."
        ),
        (
            "호스트 {hosts}대에서 잡음 {noise} %일 때 {effect} % 차이를 열에 아홉 번 찾으려면 반복 "
            "{needed}번이 필요하며, 여기서 가장 적은 반복은 {n}번입니다."
        ),
    ),
    "cannot_synthetic": (
        "Some weights are synthetic: the speed is that of the model's shape, the text is noise.",
        "합성 가중치가 있습니다. 속도는 모델 구조의 것이고 글은 의미가 없습니다.",
    ),
    "cannot_unknown": (
        (
            "Whether the runs did the same work is unknown in: {items}. So there are tables and no "
            "verdict."
        ),
        "같은 일을 했는지 알 수 없는 항목: {items}. 그래서 표만 있고 판정은 없습니다.",
    ),
    "cannot_void": (
        "Nothing is judged of {labels}: invalid by findings of their own.",
        "{labels}: 단독으로도 무효인 실행이라 아무것도 판정하지 않습니다.",
    ),
    "cannot_unlike": (
        (
            "Articles a second and cost per article are not judged for {labels}: the answers "
            "differ in length from the baseline's, so these are of unlike work."
        ),
        (
            "{labels}: 답의 길이가 기준과 달라 서로 다른 일이므로 초당 기사 수와 기사당 비용은 "
            "판정하지 않습니다."
        ),
    ),
    "cannot_price": (
        (
            "No price is known for: {labels}. Name the region whose prices to take (--region "
            "us-east-1), or give one: --price NAME=USD."
        ),
        (
            "가격을 모르는 대상: {labels}. 어느 리전의 가격을 쓸지(--region us-east-1) 또는 가격을 "
            "알려 주세요: --price NAME=USD."
        ),
    ),
}


def speaker(language: Language) -> Say:
    """Return the function that says a key in this language: say("times", value=..., ...)."""
    index = 0 if language == "en" else 1

    def say(key: str, **fields: object) -> str:
        return TEXT[key][index].format(**fields)

    return say
