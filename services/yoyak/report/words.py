"""Every word of the reports, in English and in Korean."""

from collections.abc import Mapping

# By key, first in English, then in Korean.
TABLE: Mapping[str, tuple[str, str]] = {
    # perf.json, by its keys
    "rates": ("Rates", "속도"),
    "rates.prompt_tokens_per_s": ("Prompt evaluation", "프롬프트 처리"),
    "rates.prompt_chars_per_s": ("Prompt evaluation, characters", "프롬프트 처리, 글자"),
    "rates.decode_tokens_per_s": ("Decode", "디코딩"),
    "rates.output_chars_per_s": ("Decode, characters", "디코딩, 글자"),
    "rates.requests_per_s": ("Requests", "요청 처리"),
    "rates_note": (
        (
            "Geometric mean over repetitions; 95 % interval by Student t on their logarithms. "
            "Prompt rates count only tokens that were not cached."
        ),
        (
            "반복에 대한 기하 평균; 95 % 구간은 로그값의 스튜던트 t. "
            "프롬프트 속도는 캐시되지 않은 토큰만 셉니다."
        ),
    ),
    "sweep": ("Rates that were tried", "시도한 속도"),
    "sweep_outcome": ("targets", "목표"),
    "sweep_over": ("over {limit} s [95 %]", "{limit}초 초과 [95 %]"),
    "sweep_sent": ("sent", "보냄"),
    "sweep_finished": ("finished", "완료"),
    "sweep_met": ("met", "지킴"),
    "sweep_missed": ("missed", "넘음"),
    "sweep_not_certain": ("not certain", "확실하지 않음"),
    "sweep_overloaded": ("queue grew", "대기 증가"),
    "sweep_found": (
        (
            "Highest rate with {slo}: {met} requests/s; {missed} missed it. All other results are "
            "of {met} requests/s."
        ),
        (
            "{slo}을(를) 지키는 가장 높은 속도: 초당 {met}건. 초당 {missed}건은 넘었습니다. 다른 "
            "결과는 모두 초당 {met}건의 것입니다."
        ),
    ),
    "sweep_met_only": (
        "{met} requests/s met {slo}; no faster rate was tried to its end.",
        "초당 {met}건은 {slo}을(를) 지켰습니다. 더 빠른 속도는 끝까지 시도하지 않았습니다.",
    ),
    "sweep_none": (
        "No rate that was tried met {slo}.",
        "시도한 속도 가운데 {slo}을(를) 지킨 것이 없습니다.",
    ),
    "rate_unknown": (
        "unknown: the records do not hold what it is made of",
        "알 수 없음: 계산에 필요한 값이 기록에 없습니다",
    ),
    "no_interval": (
        "no interval: {n} repetition(s); two are needed",
        "구간 없음: 반복 {n}회; 두 번 이상 필요",
    ),
    "latency": ("Latency", "지연 시간"),
    "latency.time_to_first_token_s": ("Time to first token", "첫 토큰까지"),
    "latency.inter_chunk_latency_s": ("Gap between chunks", "청크 간격"),
    "latency.time_per_output_token_s": ("Time per output token", "출력 토큰당 시간"),
    "latency.end_to_end_s": ("Whole request", "요청 전체"),
    "latency.prompt_eval_s": ("Prompt evaluation", "프롬프트 처리"),
    "latency.decode_s": ("Decode", "디코딩"),
    "latency.queue_and_overhead_s": ("Queue and overhead", "대기와 부가 시간"),
    "latency_note": (
        (
            "A percentile is shown once it is nearly certain (99 %) that two requests lie above "
            "it: p50 from {p50} requests, p90 from {p90}, p95 from {p95}, p99 from {p99}."
        ),
        (
            "백분위수는 그 위에 요청이 둘 이상 있음이 거의 확실할 때(99 %)만 보입니다: "
            "p50은 요청 {p50}개부터, p90은 {p90}개, p95는 {p95}개, p99는 {p99}개부터."
        ),
    ),
    "below_floor": (
        "needs {floor} requests, has {n}",
        "요청 {floor}개가 필요하지만 {n}개뿐입니다",
    ),
    "smallest": ("min", "최소"),
    "largest": ("max", "최대"),
    "totals": ("Totals", "합계"),
    "totals.total_s": ("One pass over the articles", "기사 한 번 모두 처리"),
    "totals.total_with_load_s": (
        "One pass, model load included",
        "한 번 모두 처리, 모델 로드 포함",
    ),
    "totals.requests": ("Requests, all repetitions", "요청, 모든 반복"),
    "totals.failed": ("Failed requests", "실패한 요청"),
    "totals.article_chars": ("Article characters, one pass", "기사 글자, 한 번"),
    "totals.prompt_chars": ("Prompt characters, one pass", "프롬프트 글자, 한 번"),
    "totals.output_chars": ("Output characters, one pass", "출력 글자, 한 번"),
    "totals.prompt_tokens": ("Prompt tokens, one pass", "프롬프트 토큰, 한 번"),
    "totals.output_tokens": ("Output tokens, one pass", "출력 토큰, 한 번"),
    "totals.prompt_chars_per_total_s": (
        "Prompt characters over total time (old definition)",
        "프롬프트 글자 ÷ 전체 시간 (옛 정의)",
    ),
    "totals.output_chars_per_total_s": (
        "Output characters over total time (old definition)",
        "출력 글자 ÷ 전체 시간 (옛 정의)",
    ),
    "totals.client_rss_end_bytes": (
        "Memory of the client at the end (old definition)",
        "끝났을 때 클라이언트 메모리 (옛 정의)",
    ),
    "totals.client_cpu_percent": (
        "CPU of the client, 100 = one core",
        "클라이언트 CPU, 100 = 코어 하나",
    ),
    "totals_note": (
        (
            "The old definitions divide by a total that holds model loading and both phases; "
            "they are kept to compare with older results, not to choose a host."
        ),
        (
            "옛 정의는 모델 로드와 두 단계를 모두 담은 전체 시간으로 나눕니다. "
            "예전 결과와 견주려고 남긴 것이지 호스트를 고르는 수가 아닙니다."
        ),
    ),
    "model_load": ("Model load", "모델 로드"),
    "model_load_note": (
        "An explicit unload and load begins each repetition. The weights were: {state}.",
        "반복마다 모델을 내리고 다시 로드합니다. 가중치가 있던 곳: {state}.",
    ),
    "load_took": ("load", "로드"),
    "weights_were": ("weights were", "가중치 위치"),
    "in_page_cache": ("file in the page cache", "페이지 캐시에 있던 비율"),
    "state_resident": ("resident in the engine", "엔진에 상주"),
    "state_page_cache": ("in the page cache", "페이지 캐시"),
    "state_disk": ("on disk", "디스크"),
    "state_unknown": ("unknown", "알 수 없음"),
    "resources": ("Resources", "자원"),
    "resources.engine_rss_peak_bytes": ("Engine memory, peak", "엔진 메모리, 최대"),
    "resources.engine_rss_end_bytes": ("Engine memory, at the end", "엔진 메모리, 끝"),
    "resources.engine_rss_anon_bytes": ("– of which own memory", "그중 자체 메모리"),
    "resources.engine_huge_page_bytes": (
        "– own memory in huge pages",
        "자체 메모리 중 대형 페이지",
    ),
    "resources.engine_rss_file_bytes": ("– of which mapped files", "그중 매핑된 파일"),
    "resources.engine_pss_bytes": (
        "Engine memory, shared pages divided",
        "엔진 메모리, 공유분 나눔",
    ),
    "resources.engine_cpu_percent": ("Engine CPU, 100 = one core", "엔진 CPU, 100 = 코어 하나"),
    "resources.client_cpu_percent": (
        "Client CPU, 100 = one core",
        "클라이언트 CPU, 100 = 코어 하나",
    ),
    "resources.host_cpu_percent": ("Host CPU, 100 = all of it", "호스트 CPU, 100 = 전부"),
    "resources.foreign_cpu_percent": (
        "Other processes' CPU, 100 = one core",
        "다른 프로세스 CPU, 100 = 코어 하나",
    ),
    "resources.host_steal_percent": (
        "Stolen by the hypervisor, 100 = all of it",
        "하이퍼바이저가 가져감, 100 = 전부",
    ),
    "resources.cpu_pressure_percent": (
        "Time in which a task waited for a CPU",
        "작업이 CPU를 기다린 시간",
    ),
    "resources.cgroup_throttled_s": ("Held back by the CPU quota", "CPU 할당량에 막힌 시간"),
    "resources_note": (
        "Over the measured phase.",
        "측정 구간 기준입니다.",
    ),
    "resource_unknown": (
        "not known on this host",
        "이 호스트에서는 알 수 없습니다",
    ),
    "cost_unknown": (
        "the rate that it is made of is unknown",
        "계산에 필요한 속도를 알 수 없습니다",
    ),
    "gpus": ("GPUs", "GPU"),
    "gpus.utilization_mean_ratio": ("busy, mean", "사용률, 평균"),
    "gpus.memory_peak_bytes": ("memory, peak", "메모리, 최대"),
    "gpus.power_mean_w": ("power, mean", "전력, 평균"),
    "gpus.energy_j": ("energy", "에너지"),
    "gpus.temperature_max_c": ("temperature, max", "온도, 최대"),
    "gpus.throttle_reasons": ("slowed down by", "감속 원인"),
    "calibration": ("This client's own error", "클라이언트 자신의 측정 오차"),
    "calibration.time_to_first_token": ("First token", "첫 토큰"),
    "calibration.inter_chunk_latency": ("Gap", "간격"),
    "calibration.end_to_end": ("Whole request", "요청 전체"),
    "calibration.p50_s": ("p50", "중앙값"),
    "calibration.p99_s": ("p99", "99번째 백분위수"),
    "calibration.max_s": ("most", "최대"),
    "calibration.client_cpu_s_per_1000_tokens": (
        "CPU for 1,000 tokens",
        "토큰 1,000개당 CPU",
    ),
    "calibration.client_cpu_percent": ("CPU of one core", "코어 하나의 CPU"),
    "calibration.client_rss_peak_bytes": ("Memory, peak", "메모리 최대"),
    "calibration.output_tokens_per_s": ("Tokens came", "받은 토큰"),
    "calibration_streams": ("{n} at a time", "동시 {n}개"),
    "calibration_own_cores": (
        "client and ruler on a core each",
        "클라이언트와 기준 서버가 코어를 하나씩 씀",
    ),
    "calibration_one_core": (
        "client and ruler share the one core there is",
        "클라이언트와 기준 서버가 코어 하나를 나눠 씀",
    ),
    "calibration_note": (
        "Measured less true, by `yoyak calibrate` on this host: so much of a latency is ours.",
        "`yoyak calibrate`로 잰 값에서 참값을 뺀 것: 지연에서 이만큼은 우리 몫입니다.",
    ),
    "calibration_saturates": (
        "Saturates at {streams} streams; keeps up with {sound} ({rate} tokens/s).",
        "동시 {streams}개에서 포화되며 {sound}개(초당 토큰 {rate}개)까지 따라갑니다.",
    ),
    "calibration_saturates_first": (
        "Saturates at {streams} streams, the fewest that were tried: it may keep up with fewer.",
        "시험한 최소인 동시 {streams}개에서 포화됩니다. 더 적으면 따라갈 수도 있습니다.",
    ),
    "calibration_sound": (
        "Keeps up with {sound} streams ({rate} tokens/s), the most that was tried.",
        "시험한 최대인 동시 {sound}개(초당 토큰 {rate}개)까지 따라갑니다.",
    ),
    "cost": ("Cost", "비용"),
    "cost.usd_per_hour": ("Price of the host", "호스트 가격"),
    "cost.usd_per_1000_articles": ("1,000 articles", "기사 1,000건"),
    "cost.usd_per_million_output_tokens": ("A million output tokens", "출력 토큰 100만 개"),
    "price_source": ("Price: {source}", "가격: {source}"),
    "price_unknown": (
        "No price is known for this host; give one: yoyak run --price USD_PER_HOUR",
        "이 호스트의 가격을 모릅니다. 이렇게 알려 주세요: yoyak run --price 시간당_USD",
    ),
    "repetitions": ("repetitions", "반복"),
    "requests": ("requests", "요청"),
    "clock_of": ("clock of", "시계"),
    "none": ("none", "없음"),
    # phases
    "phase": ("phase", "단계"),
    "phase_load": ("Model load", "모델 로드"),
    "phase_queue_and_overhead": ("Queue and overhead", "대기와 부가 시간"),
    "phase_prompt_eval": ("Prompt evaluation", "프롬프트 처리"),
    "phase_decode": ("Decode", "디코딩"),
    # charts
    "repetition": ("repetition", "반복"),
    "repetition_n": ("Repetition {n}", "반복 {n}"),
    "value": ("value", "값"),
    "seconds": ("seconds", "초"),
    "seconds_summed": ("seconds, summed over requests", "초, 요청 합계"),
    "seconds_since_start": ("seconds since the run began", "실행 시작 후 초"),
    "sent_at_s": ("began at (s)", "시작 (s)"),
    "ended_at_s": ("ended at (s)", "끝 (s)"),
    "request_took_s": ("request took (s)", "요청 소요 (s)"),
    "article": ("article", "기사"),
    "kind": ("kind", "종류"),
    "kind_measured": ("measured", "측정"),
    "kind_warmup": ("warm-up", "워밍업"),
    "kind_failed": ("failed", "실패"),
    "series": ("series", "계열"),
    "off_the_mean": ("difference from the mean, %", "평균과의 차이, %"),
    "mean_and_interval": ("mean [95 %]", "평균 [95 %]"),
    "share_of_requests": ("share of requests", "요청 비율"),
    "share_at_most": ("requests this fast or faster", "이 값 이하인 요청"),
    "share_of_gaps": ("share of gaps", "간격 비율"),
    "gap": ("gap", "간격"),
    "gaps_counted": ("gaps", "간격 수"),
    "engine": ("engine", "엔진"),
    "client": ("client", "클라이언트"),
    "foreign_load": ("other processes", "다른 프로세스"),
    "undivided_load": ("all processes but the client", "클라이언트 외 모든 프로세스"),
    "steal": ("stolen by the hypervisor", "하이퍼바이저가 가져감"),
    "cpu_cores": ("CPU, cores", "CPU, 코어"),
    "logical_cpus_n": ("{n} logical CPUs", "논리 CPU {n}개"),
    "memory_gib": ("memory, GiB", "메모리, GiB"),
    "engine_file": ("engine, mapped files", "엔진, 매핑된 파일"),
    "engine_anon": ("engine, own memory", "엔진, 자체 메모리"),
    "engine_rss": ("engine, resident", "엔진, 상주"),
    "pressure_percent": ("waiting, % of time", "대기, 시간의 %"),
    "cpu_pressure": ("some task waits for a CPU", "CPU를 기다리는 작업 있음"),
    "throttled": ("held back by the CPU quota", "CPU 할당량에 막힘"),
    "gpu_utilization": ("GPU busy, %", "GPU 사용률, %"),
    "gpu_memory": ("GPU memory, GiB", "GPU 메모리, GiB"),
    "gpu_power": ("GPU power, W", "GPU 전력, W"),
    "host": ("host", "호스트"),
    "verdict": ("verdict", "판정"),
    "more_is_better": ("more is better", "클수록 좋음"),
    "less_is_better": ("less is better", "작을수록 좋음"),
    "times_better": ("times better than the baseline", "기준보다 몇 배 나은가"),
    "ratio_to_baseline": ("times better [95 %]", "몇 배 [95 %]"),
    "outcome_faster": ("better", "더 나음"),
    "outcome_slower": ("worse", "더 못함"),
    "outcome_no_difference": ("no difference shown", "차이가 확인되지 않음"),
    "outcome_unknown": ("no verdict", "판정 없음"),
    "articles_per_hour": ("articles an hour", "시간당 기사"),
    "usd_per_1000_articles": ("USD for 1,000 articles", "기사 1,000건당 USD"),
    # what a screen reader says of a chart
    "rates_chart_says": (
        "Each rate's repetitions around their mean, with the 95 % interval of the mean.",
        "각 속도의 반복별 값과 평균, 평균의 95 % 구간.",
    ),
    "latency_chart_says": (
        "Cumulative distribution of {name} over {n} requests.",
        "요청 {n}개의 {name} 누적 분포.",
    ),
    "gap_chart_says": (
        "Histogram of {n} gaps between chunks; both axes are logarithmic.",
        "청크 간격 {n}개의 히스토그램; 두 축 모두 로그.",
    ),
    "phases_chart_says": (
        "Seconds in each phase, stacked, one bar for each repetition.",
        "단계별 시간(초)을 쌓은 막대, 반복마다 하나.",
    ),
    "timeline_chart_says": (
        "Duration of {n} requests over the time they were sent.",
        "요청 {n}개의 보낸 시각과 소요 시간.",
    ),
    "cpu_chart_says": (
        "CPU cores in use over time, by engine, client, other processes and steal.",
        "시간에 따른 CPU 코어 사용: 엔진, 클라이언트, 다른 프로세스, 스틸.",
    ),
    "memory_chart_says": (
        "Resident memory of the engine over time.",
        "시간에 따른 엔진의 상주 메모리.",
    ),
    "pressure_chart_says": (
        "Share of time in which tasks waited for a CPU or were held back by a quota.",
        "작업이 CPU를 기다리거나 할당량에 막힌 시간의 비율.",
    ),
    "gpu_utilization_says": ("GPU utilization over time.", "시간에 따른 GPU 사용률."),
    "gpu_memory_says": ("GPU memory in use over time.", "시간에 따른 GPU 메모리 사용량."),
    "gpu_power_says": ("GPU power over time.", "시간에 따른 GPU 전력."),
    "bars_chart_says": (
        "{metric} of {n} hosts as bars with 95 % intervals, the best first.",
        "호스트 {n}개의 {metric}, 95 % 구간이 있는 막대, 좋은 순서.",
    ),
    "forest_chart_says": (
        "{metric}: how many times better than {baseline}, with 95 % intervals.",
        "{metric}: {baseline}보다 몇 배 나은가, 95 % 구간.",
    ),
    "front_chart_says": (
        "Cost of 1,000 articles over articles an hour for {n} hosts, with the Pareto front.",
        "호스트 {n}개의 시간당 기사와 기사 1,000건당 비용, 파레토 경계 포함.",
    ),
    "study_chart_says": ("{quantity}; {table}.", "{quantity}; {table}."),
    # figures: title, and how to read it
    "group_speed": ("Speed", "속도"),
    "group_latency": ("Latency", "지연 시간"),
    "group_time": ("The run over time", "시간에 따른 실행"),
    "figure_rates": ("How steady the rates are", "속도가 얼마나 고른가"),
    "figure_rates_reading": (
        "Bar: 95 % interval of the mean. Dots: single repetitions.",
        "막대는 평균의 95 % 구간, 점은 반복 하나하나입니다.",
    ),
    "figure_phases": ("Where the time goes", "시간이 어디에 쓰이는가"),
    "figure_phases_reading": (
        "Seconds in each phase, summed over the successful requests of a repetition.",
        "반복마다 성공한 요청의 단계별 시간(초)을 더했습니다.",
    ),
    "figure_ecdf_reading": (
        "Share of {n} requests that took at most this long.",
        "요청 {n}개 가운데 이만큼 이하로 걸린 비율입니다.",
    ),
    "figure_gaps": ("Gaps between chunks", "청크 간격"),
    "figure_gaps_reading": (
        (
            "All {n:,} gaps pooled, both axes logarithmic: a lonely bar far to the right is a "
            "stall. {zeros:,} gaps of zero (chunks of one read) are not drawn."
        ),
        (
            "간격 {n:,}개를 모두 모았고 두 축 모두 로그입니다. "
            "오른쪽 멀리 홀로 선 막대는 멈칫거림입니다. "
            "0인 간격(한 번에 읽힌 청크) {zeros:,}개는 그리지 않았습니다."
        ),
    ),
    "figure_timeline": ("Requests", "요청"),
    "figure_timeline_reading": (
        (
            "Every request by the moment it was sent. Grey blocks: model loads; shaded: every "
            "other repetition."
        ),
        "모든 요청을 보낸 시각에 놓았습니다. 회색 띠는 모델 로드, 음영은 하나 걸러 반복입니다.",
    ),
    "figure_cpu": ("CPU", "CPU"),
    "figure_cpu_reading": (
        "Cores in use, stacked. Load that is neither engine nor client disturbs the measurement.",
        "사용한 코어를 쌓았습니다. 엔진도 클라이언트도 아닌 부하는 측정을 방해합니다.",
    ),
    "figure_memory": ("Engine memory", "엔진 메모리"),
    "figure_memory_reading": (
        "Resident memory of the engine's processes: mapped model file and own memory.",
        "엔진 프로세스의 상주 메모리: 매핑된 모델 파일과 자체 메모리입니다.",
    ),
    "figure_pressure": ("Waiting for a CPU", "CPU 대기"),
    "figure_pressure_reading": (
        "Share of the time in which some task waited for a CPU, or the quota held the engine back.",
        "어떤 작업이 CPU를 기다렸거나 할당량이 엔진을 막은 시간의 비율입니다.",
    ),
    "figure_gpu_utilization": ("GPU busy", "GPU 사용률"),
    "figure_gpu_utilization_reading": (
        "Share of the driver's last period in which a kernel ran; it says nothing of how full.",
        "드라이버의 직전 구간에서 커널이 돈 비율입니다. 얼마나 가득 찼는지는 말하지 않습니다.",
    ),
    "figure_gpu_memory": ("GPU memory", "GPU 메모리"),
    "figure_gpu_memory_reading": ("In use by all processes.", "모든 프로세스의 사용량."),
    "figure_gpu_power": ("GPU power", "GPU 전력"),
    "figure_gpu_power_reading": ("Of the whole board.", "보드 전체."),
    "at_most": ("at most", "이 값 이하"),
    "ecdf_table_note": (
        "Values of single requests at that share; statistics are in the latency table.",
        "그 비율에 놓인 낱낱의 값입니다. 통계는 지연 시간 표에 있습니다.",
    ),
    "panel_table_note": (
        "Every {step}th point of the chart.",
        "차트의 점 {step}개마다 하나입니다.",
    ),
    # the page
    "skip": ("Skip to the charts", "차트로 건너뛰기"),
    "contents": ("Contents", "차례"),
    "no_script": (
        "The charts need JavaScript; the table under each chart holds the same data.",
        "차트에는 자바스크립트가 필요합니다. 차트마다 아래 표에 같은 자료가 있습니다.",
    ),
    "chart_failed": ("This chart could not be drawn:", "이 차트를 그리지 못했습니다:"),
    "made_by": ("Made by yoyak {version}", "yoyak {version}(으)로 만들었습니다"),
    "made_from_run": ("from the files of run {run_id}.", "(실행 {run_id}의 파일에서)."),
    "offline": (
        "This page is complete in itself: it loads nothing and sends nothing.",
        "이 페이지는 아무것도 내려받지 않고 아무것도 보내지 않습니다.",
    ),
    "run_report": ("run report", "실행 보고서"),
    "workload": ("Workload", "작업"),
    "main_numbers": ("Main numbers", "주요 수치"),
    "unknown": ("unknown", "알 수 없음"),
    "unknown_host": ("an unknown host", "알 수 없는 호스트"),
    "yes": ("yes", "예"),
    "no": ("no", "아니요"),
    "model_on_host": ("{model} on {host}", "{host}에서 돌린 {model}"),
    "n_threads": ("{n} threads", "스레드 {n}개"),
    "n_articles": ("{n} articles", "기사 {n}건"),
    "n_repetitions": ("{n} repetitions", "반복 {n}회"),
    "n_output_tokens": ("up to {n} output tokens", "출력 토큰 최대 {n}개"),
    "n_output_tokens_forced": ("{n} output tokens, forced", "출력 토큰 {n}개 고정"),
    "n_concurrent": ("concurrency {n}", "동시 요청 {n}개"),
    "n_per_second": ("{n} requests/s", "초당 요청 {n}개"),
    "through": ("through the {via}", "{via} 경유"),
    "synthetic_title": ("SYNTHETIC WEIGHTS", "합성 가중치"),
    "synthetic": (
        (
            "The model has the shape and size of the real one, and random weights. Speed and "
            "memory are those of the real shape; the text that it wrote is noise."
        ),
        (
            "모델의 모양과 크기는 실제와 같지만 가중치는 무작위입니다. "
            "속도와 메모리는 실제 모양의 것이고, 쓴 글은 의미가 없습니다."
        ),
    ),
    "synthetic_text": (
        "The weights are synthetic, so the text is noise.",
        "합성 가중치이므로 글은 의미가 없습니다.",
    ),
    "lede_rates": (
        "Reads prompts at {prompt} tokens/s and writes at {decode} tokens/s.",
        "프롬프트를 초당 {prompt}토큰 읽고, 초당 {decode}토큰 씁니다.",
    ),
    "lede_request": ("A request takes {whole} on average.", "요청 하나에 평균 {whole} 걸립니다."),
    "lede_request_and_first": (
        "A request takes {whole} on average, {first} of it until the first token.",
        "요청 하나에 평균 {whole}, 그중 첫 토큰까지 {first} 걸립니다.",
    ),
    "lede_failed": (
        "{n} measured requests failed; no number counts them as fast.",
        "측정 요청 {n}개가 실패했습니다. 실패는 어느 수에서도 빠른 것으로 세지 않습니다.",
    ),
    "mean_of": ("{name}, mean", "{name}, 평균"),
    "card_total": ("{n} articles, without model load", "기사 {n}건, 모델 로드 제외"),
    "card_loads": ("mean of {n} loads; weights: {state}", "{n}회 평균; 가중치: {state}"),
    "invalid_title": ("Do not use these numbers", "이 수치를 쓰지 마세요"),
    "invalid_notice": (
        "{n} finding(s) below make them invalid.",
        "아래 {n}가지 때문에 무효입니다.",
    ),
    "card_no_load": (
        "the engine was not made to load it",
        "엔진에 로드를 시키지 않았습니다",
    ),
    "card_no_price": ("no price known; give one: --price", "가격을 모릅니다: --price"),
    "card_no_interval": (
        "no interval: two repetitions are needed",
        "구간 없음: 반복이 두 번 필요합니다",
    ),
    "card_interval": ("95 % {interval}", "95 % {interval}"),
    "findings": ("Findings", "살펴볼 점"),
    "no_findings": (
        "No doubts: nothing was found that makes these numbers misleading.",
        "의심할 점이 없습니다. 이 수치를 그르치게 할 것이 발견되지 않았습니다.",
    ),
    "severity_invalid": ("Invalid", "무효"),
    "severity_warning": ("Warning", "주의"),
    "severity_info": ("Note", "참고"),
    "mend": ("What helps:", "해결:"),
    "unfinished_run": (
        "This run has no results: it still goes on, or it was stopped in the middle.",
        "이 실행에는 결과가 없습니다. 아직 진행 중이거나 도중에 멈췄습니다.",
    ),
    "unfinished_run_mend": (
        "wait for its end, or finish it from its records: yoyak report RUN",
        "끝나기를 기다리거나 기록으로 마무리하세요: yoyak report RUN",
    ),
    "as_table": ("Data as a table", "표로 보기"),
    "numbers": ("Numbers", "수치"),
    "environment": ("Environment", "환경"),
    "facts_host": ("Host", "호스트"),
    "facts_engine": ("Engine", "엔진"),
    "facts_model": ("Model", "모델"),
    "facts_workload": ("Workload", "작업"),
    "facts_run": ("Run", "실행"),
    "options": ("Options", "옵션"),
    "options_note": (
        "Every option and where its value came from: flag, environment, file or default.",
        "모든 옵션과 값의 출처입니다: 명령줄, 환경 변수, 파일, 기본값.",
    ),
    "came_from": ("came from", "출처"),
    "origin_flag": ("flag", "명령줄"),
    "origin_environment": ("environment", "환경 변수"),
    "origin_file": ("file", "파일"),
    "origin_default": ("default", "기본값"),
    "requests_title": ("Every request", "요청 목록"),
    "requests_shown": ("{shown:,} of {total:,} requests", "요청 {total:,}개 중 {shown:,}개"),
    "no_requests": ("No request was recorded.", "기록된 요청이 없습니다."),
    "request_took": ("took", "소요"),
    "prompt_tokens": ("prompt tokens", "프롬프트 토큰"),
    "output_tokens": ("output tokens", "출력 토큰"),
    "summaries": ("Summaries", "요약문"),
    "summaries_shown": (
        "{shown:,} of {total:,}, from the first repetition; summary.json has them all.",
        "{total:,}개 중 첫 반복의 {shown:,}개입니다. 전체는 summary.json에 있습니다.",
    ),
    "summary_meta": (
        "repetition {repetition} · {prompt_chars:,} characters in, {output_chars:,} out · {finish}",
        "반복 {repetition} · 입력 {prompt_chars:,}자, 출력 {output_chars:,}자 · {finish}",
    ),
    "show_part": ("Show", "볼 구간"),
    "whole_run": ("the whole run", "실행 전체"),
    "baseline_mark": ("(baseline)", "(기준)"),
    # the page of a comparison
    "comparison_report": ("comparison", "비교"),
    "comparison_of": ("{n} runs compared", "실행 {n}개 비교"),
    "baseline_is": ("Baseline: {baseline}", "기준: {baseline}"),
    "verdicts": ("Verdicts", "판정"),
    "no_verdict_title": ("No verdict", "판정 없음"),
    "no_verdict": (
        (
            "Whether the runs did the same work is not known, so the tables are shown without "
            "saying which host is faster."
        ),
        "같은 일을 했는지 알 수 없으므로, 어느 호스트가 빠른지 말하지 않고 표만 보입니다.",
    ),
    "gate": ("The same work?", "같은 일을 했는가"),
    "gate_note": (
        (
            "Runs are compared only where these conditions are the same, or where you allowed them "
            "to differ."
        ),
        "아래 조건이 같거나, 달라도 된다고 허용했을 때만 비교합니다.",
    ),
    "of_runs": ("Findings of single runs", "실행별로 살펴볼 점"),
    "condition": ("condition", "조건"),
    "status": ("status", "상태"),
    "values": ("values", "값"),
    "why_it_matters": ("why it matters", "왜 중요한가"),
    "gate_same": ("same", "같음"),
    "gate_differs": ("differs", "다름"),
    "gate_unknown": ("unknown", "알 수 없음"),
    "allowed": ("allowed by --allow", "--allow로 허용함"),
    "cannot_say": ("What these data cannot say", "이 자료가 말할 수 없는 것"),
    "more_tables": ("More tables", "그 밖의 표"),
    "made_from_runs": ("from the files of {n} runs.", "(실행 {n}개의 파일에서)."),
    "group_hosts": ("Hosts beside each other", "호스트 견주기"),
    "group_cost": ("Cost against speed", "비용과 속도"),
    "by_type": ("{metric}, by type", "{metric}, 유형별"),
    "hosts": ("hosts", "호스트"),
    "p_holm": ("p, Holm-corrected", "p, 홀름 보정"),
    "on_the_front": ("on the front", "경계 위"),
    "figure_bars_reading": (
        "Mean and 95 % interval over repetitions, the best first.",
        "반복의 평균과 95 % 구간, 좋은 순서입니다.",
    ),
    "figure_forest": ("{metric} against {baseline}", "{metric}, {baseline} 대비"),
    "figure_forest_reading": (
        "Right of 1 is better. Filled: a difference is shown; hollow: none is shown.",
        "1보다 오른쪽이 낫습니다. 채운 표시는 차이가 확인된 것, 빈 표시는 확인되지 않은 것입니다.",
    ),
    "figure_front": ("What a summary costs, and how fast", "요약의 값과 속도"),
    "figure_front_reading": (
        "Right is faster, down is cheaper. Diamonds: no other host is both faster and cheaper.",
        "오른쪽일수록 빠르고 아래일수록 쌉니다. 마름모는 더 빠르면서 더 싼 호스트가 없는 것입니다.",
    ),
    "figure_family_reading": (
        "The same family by size, as the old study drew it.",
        "같은 계열을 크기별로, 옛 연구의 그림대로 그렸습니다.",
    ),
    "figure_size_reading": (
        "The same size by family, as the old study drew it.",
        "같은 크기를 계열별로, 옛 연구의 그림대로 그렸습니다.",
    ),
    "figure_best_of": (
        "The best {shown} of {n} and the baseline; the tables hold all.",
        "{n}개 중 가장 좋은 {shown}개와 기준. 표에는 모두 있습니다.",
    ),
    "of_runs_more": (
        "{n} more runs have findings; yoyak report RUN shows them.",
        "살펴볼 점이 있는 실행이 {n}개 더 있습니다. yoyak report RUN 으로 볼 수 있습니다.",
    ),
    "more_verdicts": ("{n} more verdicts", "판정 {n}개 더 보기"),
    "latency_of_hosts_chart_says": (
        "Cumulative distribution of {name} on {n} hosts.",
        "호스트 {n}대의 {name} 누적 분포.",
    ),
    "figure_hosts_ecdf_reading": (
        "Share of a host's requests that took at most this long; further left is faster.",
        "호스트마다 이 시간 안에 끝난 요청의 비율. 왼쪽일수록 빠릅니다.",
    ),
    "figure_hosts_ecdf_some": (
        "{shown} of {n} runs: the baseline and those that finish most articles.",
        "실행 {n}개 중 {shown}개: 기준과 기사를 가장 많이 처리한 쪽.",
    ),
    "percentiles_note": (
        "A percentile is shown from 11 (p50), 64 (p90), 130 (p95), 662 (p99) requests on.",
        "백분위수는 요청이 11(p50), 64(p90), 130(p95), 662(p99)개 이상일 때만 보입니다.",
    ),
    "target_met": (
        "The cheapest host with {metric} of at most {limit} s is {host}.",
        "{metric} {limit} s 이하인 가장 싼 호스트는 {host}입니다.",
    ),
    "target_met_without_price": (
        "{metric} of at most {limit} s is met by {hosts}; no price is known, so none is cheapest.",
        "{metric} {limit} s 이하인 호스트: {hosts}. 가격을 몰라 가장 싼 것은 말할 수 없습니다.",
    ),
    "target_missed": (
        "No host is known to have {metric} of at most {limit} s.",
        "{metric} {limit} s 이하로 알려진 호스트가 없습니다.",
    ),
    "target_unknown": ("Unknown for: {hosts}.", "알 수 없음: {hosts}."),
    "target_floor": (
        (
            "A {statistic} needs {floor} requests a run: give more --articles or --repetitions, or "
            "set the target on the mean."
        ),
        (
            "{statistic}는 실행마다 요청 {floor}개가 필요합니다. --articles나 --repetitions를 "
            "늘리거나 평균(mean)으로 목표를 정하세요."
        ),
    ),
    # files
    "no_hangul_font": (
        (
            "no font on this host has Hangul, so the charts' own words in PNG files are English; "
            "install one: apt-get install fonts-nanum"
        ),
        (
            "이 호스트에 한글 글꼴이 없어 PNG 차트의 글은 영어입니다; "
            "글꼴을 설치하세요: apt-get install fonts-nanum"
        ),
    ),
}
