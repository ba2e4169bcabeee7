namespace VmUpdate.Core.Identity.Leaks;

/// <summary>How the page looks, on a screen and on paper.</summary>
internal static class ReportStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css = """

        :root { --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --paper: #fff; --ground: #f3f5f8; --error: #b3261e; --warning: #9a6200; --information: #1f5fa8; --good: #1c7a3f; }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
        header { margin-bottom: 1.75rem; }
        .kicker { margin: 0; color: var(--soft); font-size: .8rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
        h1 { margin: .1rem 0 .25rem; font-size: 1.9rem; line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
        .when { margin: 0; color: var(--soft); }
        h2 { margin: 2.25rem 0 .75rem; font-size: 1.2rem; font-weight: 650; }
        .tiles { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; }
        .tile { background: var(--paper); border: 1px solid var(--line); border-top: 4px solid var(--soft); border-radius: 8px; padding: 1rem 1.25rem; }
        .tile strong { display: block; font-size: 2.25rem; line-height: 1.1; font-weight: 700; font-variant-numeric: tabular-nums; }
        .tile span { font-weight: 600; } .tile small { display: block; margin-top: .25rem; color: var(--soft); font-size: .82rem; line-height: 1.4; }
        .tile.error { border-top-color: var(--error); } .tile.error strong { color: var(--error); }
        .tile.warning { border-top-color: var(--warning); } .tile.warning strong { color: var(--warning); }
        .tile.information { border-top-color: var(--information); } .tile.information strong { color: var(--information); }
        .tile.none { border-top-color: var(--line); } .tile.none strong { color: var(--soft); }
        .lead { margin: 1.5rem 0 0; font-size: 1.05rem; }
        .good { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--good); border-radius: 8px; padding: .9rem 1.25rem; }
        table { width: 100%; border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; font-size: .9rem; }
        th { text-align: left; font-size: .75rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); font-weight: 600; background: #fafbfc; }
        th, td { padding: .5rem .85rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        tr:last-child td { border-bottom: 0; }
        .glance td:first-child { width: 8.5rem; }
        .badge { display: inline-block; white-space: nowrap; padding: .05rem .6rem; border-radius: 1rem; font-size: .78rem; font-weight: 600; color: #fff; background: var(--soft); -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        .badge.error { background: var(--error); } .badge.warning { background: var(--warning); } .badge.information { background: var(--information); }
        article { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--soft); border-radius: 8px; padding: 1rem 1.25rem; margin-bottom: 1rem; }
        article.error { border-left-color: var(--error); } article.warning { border-left-color: var(--warning); } article.information { border-left-color: var(--information); }
        h3 { margin: 0; font-size: 1.05rem; font-weight: 650; }
        .where { margin: 0 0 .6rem; color: var(--soft); overflow-wrap: anywhere; }
        dl { margin: 0; } dl > div { display: grid; grid-template-columns: 7.5rem 1fr; gap: .75rem; padding: .2rem 0; }
        dt { color: var(--soft); font-size: .85rem; line-height: 1.6; } dd { margin: 0; overflow-wrap: anywhere; }
        code { font-family: "Cascadia Mono", Consolas, "SF Mono", "DejaVu Sans Mono", monospace; font-size: .82em; overflow-wrap: anywhere; }
        .chip { display: inline-block; margin: 0 .35rem .35rem 0; padding: .05rem .6rem; border: 1px solid var(--line); border-radius: 1rem; background: #fafbfc; font-size: .85rem; }
        dd code { display: inline-block; } dd .place { display: block; }
        details { margin-top: .25rem; font-size: .9rem; } summary { cursor: pointer; color: var(--information); }
        footer { margin-top: 2.5rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .88rem; } footer h2 { font-size: 1rem; margin-top: 1.25rem; color: var(--ink); }
        @media (max-width: 40rem) { .tiles { grid-template-columns: 1fr; } dl > div { grid-template-columns: 1fr; gap: 0; } }
        @media print { body { background: #fff; font-size: 10.5pt; } main { max-width: none; padding: 0; } article, .tile, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } .tile { border-width: 1px; border-top-width: 3px; } @page { margin: 16mm; } }

        """;
}
