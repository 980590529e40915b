"""The add-on that puts newscrawl's components into a Scrapy crawl."""

from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.settings import BaseSettings

from newscrawl.crawl_delay import CrawlDelayExtension
from newscrawl.metrics import MetricsExtension
from newscrawl.middlewares import (
    BudgetMiddleware,
    LimitMiddleware,
    LoudOffsiteMiddleware,
    PatientRetryMiddleware,
    PermissionRobotsMiddleware,
)
from newscrawl.page_trail import TrailMiddleware
from newscrawl.pipelines.feed import FeedPipeline
from newscrawl.pipelines.identity import IdentityPipeline
from newscrawl.pipelines.keep import KeepPipeline
from newscrawl.pipelines.quality import QualityPipeline
from newscrawl.pipelines.relevance import RelevancePipeline
from newscrawl.progress import ProgressExtension
from newscrawl.tracing import TRACES_SETTING, TracingExtension

PIPELINES = {
    QualityPipeline: 100,
    RelevancePipeline: 200,
    IdentityPipeline: 300,
    KeepPipeline: 800,
    FeedPipeline: 900,
}


class NewscrawlAddon:
    """Registers middlewares, pipelines and extensions; what a user set himself stays."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Register the components; Scrapy calls this once a crawler."""
        middlewares = "DOWNLOADER_MIDDLEWARES"
        for standard, ours, place in (
            (OffsiteMiddleware, LoudOffsiteMiddleware, 50),
            (RobotsTxtMiddleware, PermissionRobotsMiddleware, 100),
            (RetryMiddleware, PatientRetryMiddleware, 550),
        ):
            settings.set_in_component_priority_dict(middlewares, standard, None)
            settings.setdefault_in_component_priority_dict(middlewares, ours, place)
        settings.setdefault_in_component_priority_dict(middlewares, LimitMiddleware, 40)
        settings.setdefault_in_component_priority_dict(middlewares, BudgetMiddleware, 950)
        for pipeline, place in PIPELINES.items():
            settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", pipeline, place)
        if settings.get(TRACES_SETTING) is not None:
            settings.setdefault_in_component_priority_dict(middlewares, TrailMiddleware, 990)
            # Before the metrics: what it could not send is counted there when they are left.
            settings.setdefault_in_component_priority_dict("EXTENSIONS", TracingExtension, 400)
        for extension in (ProgressExtension, MetricsExtension, CrawlDelayExtension):
            settings.setdefault_in_component_priority_dict("EXTENSIONS", extension, 500)
