"""The page of the report, without what is filled in."""

from string import Template

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 192mm; margin: 1.5rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #ddd; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.2rem; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; padding: 0.2rem 0.9rem 0.2rem 0; border-bottom: 1px solid #eee;
  vertical-align: top; font-variant-numeric: tabular-nums; }
td:first-child { white-space: nowrap; }
td:last-child { overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: 0.5rem; padding: 0; list-style: none; }
.counts li { background: #f4f6f8; border-radius: 6px; padding: 0.4rem 0.8rem; }
.counts b { display: block; font-size: 1.3rem; }
.note { background: #fff4e5; border-left: 4px solid #d55e00; padding: 0.5rem 1rem; }
.assumed td { background: #fff4e5; }
.small, figcaption { color: #555; font-size: 0.9rem; }
figure { margin: 0.6rem 0 1rem; break-inside: avoid; }
.scroll { overflow-x: auto; }
.scroll img { width: 100%; min-width: 34rem; height: auto; }
svg.paper { position: absolute; }
.ecg { display: block; flex: none; }
.ecg text { font: 70px system-ui, sans-serif; paint-order: stroke; stroke: #fffafa;
  stroke-width: 24px; }
.ecg path { fill: none; stroke-width: 6; stroke-linejoin: round; }
.ecg path.wide { stroke-width: 12; }
@page { margin: 10mm; }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 11pt; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
</style>
</head>
<body>
$paper
<main>
<h1>$title</h1>
<p>$summary</p>
<ul class="counts">$counts</ul>
<p class="note"><b>This is not a medical device.</b> It shows which beats look unlike most others in
this recording. It does not say why, and a beat that looks usual may still be ill. Only a clinician
can read an ECG.</p>
$notes

<h2>Kinds of strange beats</h2>
$kinds

<h2>Rhythm</h2>
$rhythm
$timeline
<p class="small">Each dot is a beat. Above: its anomaly score; beats above the dashed line are
called strange. Below: the RR interval, the time since the beat before. Shaded blue: the part that
was learnt from, if it was not all. Shaded grey: bad stretches.</p>
$hours

<h2>Strips</h2>
$strips

<h2>What was set aside</h2>
$aside

<h2>How the file was read</h2>
$reading

<h2>Settings and origin</h2>
$settings
</main>
</body>
</html>
""")
