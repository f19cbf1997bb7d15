"""Forbidden terms with endings, and words that only look like one: for scorer and guard alike."""

INFLECTED = [
    "algorithmic plan",
    "ALGORITHMICALLY made plan",
    "al.go.rithmic plan",
    "a1gorithmic plan",
    "a l g o r i t h m i c plan",
    "cimhtirogla plan",
    "algorythmic plan",
    "algos",
    "algo",
    "GATCs",
    "G.A.T.C's",
    "Viterbi-style path",
    "Viterbis",
    "ACWRs",
    "phase allocation",
    "Phase Allocators",
    "hidden Markovian chain",
    "system-prompting",
    "language modelling",
    "languagemodel",
    "neural nets",
    "Hugging Faces",
    "GGUFs",
    "internal systems",
    "acute-over-chronic number",
]

LOOK_ALIKES = [
    "Rhythmic breathing helps, and so does a logarithmic climb.",
    "See you in the Algarve, or on Fidalgo Island, Senor Hidalgo.",
    "Algae in the lake smell, so swim in the pool.",
    "A phase of hard work, then we allocate a phase of rest.",
    "Laura and Lorain run with you.",
]
