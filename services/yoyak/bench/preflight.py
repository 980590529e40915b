"""What is checked before a clock starts: articles, engine, template, and that every prompt fits."""

from collections.abc import Sequence
from dataclasses import dataclass

from yoyak import prompts
from yoyak.config import RunConfig
from yoyak.dataset import Article, Dataset, select
from yoyak.engines.base import Engine
from yoyak.errors import HostError, UsageError
from yoyak.records import EngineFacts

# Korean text makes 1.0 to 1.14 Mistral tokens a character: what a prompt may need where the engine
# cannot count tokens itself.
MOST_TOKENS_PER_CHAR = 1.14


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The articles of a run, with the tokens of each prompt as the engine counts them."""

    articles: tuple[Article, ...]
    prompt_tokens: tuple[int, ...]  # shape (n_articles,)
    is_counted: bool  # False: estimated from characters, since the engine does not count


def choose_articles(dataset: Dataset, config: RunConfig) -> tuple[Article, ...]:
    """Return the articles of the run; raises UsageError if too few fit."""
    return select(dataset.articles, count=config.articles, max_chars=config.article_chars)


def check_engine(facts: EngineFacts, config: RunConfig, *, threads: int) -> None:
    """Raise HostError where the engine does not do what the run is going to claim."""
    if facts.template_sha256 not in (None, prompts.TEMPLATE_SHA256):
        raise HostError(
            f"the service at {facts.url} builds prompts from another template "
            f"({str(facts.template_sha256)[:12]} against {prompts.TEMPLATE_SHA256[:12]}); "
            "run the same yoyak version on both sides"
        )
    asked = (
        ("threads", "threads", threads, facts.threads),
        ("context", "context tokens a slot", config.context, facts.context_tokens),
        ("batch", "batch tokens", config.batch, facts.batch_tokens),
        ("slots", "slots", config.slots, facts.parallel),
    )
    for option, meaning, wanted, found in asked:
        if None not in (wanted, found) and found != wanted:
            raise HostError(
                f"the engine runs with {found} {meaning}, the run asks for {wanted}; "
                f"start the engine with {wanted}, or give --{option} {found}"
            )
    if facts.parallel is not None and config.rate is None and facts.parallel < config.concurrency:
        raise HostError(
            f"the engine has {facts.parallel} slots for --concurrency {config.concurrency}; "
            "start it with as many slots, or lower --concurrency"
        )


async def count_work(engine: Engine, articles: Sequence[Article], config: RunConfig) -> Work:
    """Return the work with its token counts.

    Raises:
        UsageError: a prompt and its answer do not fit the context.
    """
    counts: list[int] = []
    is_counted = True
    for article in articles:
        prompt = prompts.build_prompt(
            nonce=prompts.nonce("preflight", 0), title=article.title, text=article.text
        )
        counted = await engine.count_tokens(prompt)
        is_counted = is_counted and counted is not None
        tokens = round(len(prompt) * MOST_TOKENS_PER_CHAR) if counted is None else counted
        if tokens + config.output_tokens > config.context:
            raise UsageError(
                f'article "{article.id}" makes {tokens} prompt tokens; with --output-tokens '
                f"{config.output_tokens} that is over --context {config.context}: "
                "raise --context or lower --article-chars"
            )
        counts.append(tokens)
    return Work(articles=tuple(articles), prompt_tokens=tuple(counts), is_counted=is_counted)
