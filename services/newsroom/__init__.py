"""The bundled newsroom: a synthetic news site served on a local port.

Every article, company, person and organisation in it is invented. Everything is package data, so
an installed wheel serves the same pages as a clone.

    python -m newsroom --port 8090        # prints {"url": ..., "articles": ..., "pid": ...}

`newsroom.articles.load()` is the truth about the articles, `newsroom.traps` about what goes wrong
on purpose, `newsroom.server.serve()` the site inside a test. The pages:

    /                        front page with links to every article
    /section/<section>       economy, society, local, tech, world, culture, sports, opinion, people
    /search?query=Q&page=N   results, 10 a page, newest first: `ol.hits > li.hit` with
                             `a.hit-title`, `.hit-snippet` (matches in <b>), `.hit-press`,
                             `.hit-date` (relative); the next page is `a.next[rel=next]`
    /news/<id>               an article (1001.. Korean, 2001.. English) or a trap (9001..)
    /old/<id>                its old address: 301 to /news/<id>
    /sitemap.xml, /rss.xml   the articles; the newest 20 in Korean
    /robots.txt              allows everything but /private/
    /private/draft           what robots.txt forbids; the front page links to it

The body of an article stands, by the publisher's layout (`templates/article_<layout>.html`):

    paragraphs   `section.article-body > p` (sub-headings `h3`), in UTF-8
    breaks       text nodes separated by `<br><br>` in `div#newsBody`, after a dateline
                 "(서울=매체) 이름 기자 = "; the date is `span.date_time[data-date-time]` without
                 a zone and means +09:00
    jsonld       `article.story p.txt`, and JSON-LD whose `articleBody` one publisher cuts at 500
    embedded     only in `script#__NEXT_DATA__`: `props.pageProps.article.contents[]`, of which
                 `type` text and subheading are the body
    legacy       text nodes in `td#articleBody` of an HTML 4 table page, in CP949

The firm to search for is 온새미증권 (Onsaemi Securities; formerly 온새미투자증권).
"""
