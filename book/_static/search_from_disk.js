// A page opened from disk may not read other files: a search there lists its results without excerpts,
// where it would otherwise log an error for each of them.
"use strict";
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
