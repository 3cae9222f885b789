"""Writes `requests/`: what each plug-in sends, field by field, around a text of our own.

The fields were compared with what the real ones sent to a server that wrote them down: llama.vim a1c8e6e and
minuet-ai.nvim 479487c in Neovim 0.11.4 (`test_plugins.py` compares them again where the plug-ins are), llama.vscode
3938fb3 and jupyterlab-cellsense 0.3.1 in JupyterLab 4.6.6, Zed and Tabby as read in their sources.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "requests"
BEFORE = "import os\n\n\ndef names(folder):\n"
LINE = "    return sorted(os.listdir(fol"
AFTER = "\n\n\nprint(names('.'))\n"
FIELDS = [
    "content",
    *(
        f"timings/{kind}_{what}"
        for kind in ("prompt", "predicted")
        for what in ("n", "ms", "per_token_ms", "per_second")
    ),
    "truncated",
    "tokens_cached",
]
VIM = {
    "id_slot": 0,
    "input_prefix": BEFORE,
    "input_suffix": AFTER,
    "input_extra": [{"text": "def sizes(folder):\n    return {}\n", "time": 1.5, "filename": "sizes.py"}],
    "prompt": LINE,
    "n_predict": 128,
    "stop": [],
    "n_indent": 4,
    "top_k": 40,
    "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 250,
    "response_fields": FIELDS,
    "model": "",
}
WARM_UP = {
    "id_slot": 0,
    "input_prefix": "",
    "input_suffix": "",
    "input_extra": VIM["input_extra"],
    "prompt": "",
    "n_predict": 0,
    "temperature": 0.0,
    "samplers": [],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 1,
    "t_max_predict_ms": 1,
    "response_fields": [""],
    "model": "",
}
VSCODE = {
    "id_slot": 0,
    "input_prefix": BEFORE,
    "input_suffix": AFTER,
    "input_extra": [],
    "prompt": LINE,
    "n_predict": 128,
    "n_cmpl": 3,
    "top_k": 40,
    "top_p": 0.99,
    "stream": False,
    "samplers": ["top_k", "top_p", "infill"],
    "cache_prompt": True,
    "n_indent": 4,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 500,
}
RECORDED = {
    "llama_vim": VIM,
    "llama_vim_warm_up": WARM_UP,
    "llama_vscode": VSCODE,
    "minuet": {
        "model": "python",
        "stream": False,
        "max_tokens": 64,
        "prompt": f"# language: python\n# indentation: use 4 spaces for a tab\n{BEFORE}{LINE}",
        "suffix": AFTER,
    },
    "zed": {
        "model": "python",
        "prompt": f"<|fim_prefix|>{BEFORE}{LINE}<|fim_suffix|>{AFTER}<|fim_middle|>",
        "max_tokens": 64,
        "temperature": 0.2,
        "stop": ["<|endoftext|>", "<|fim_prefix|>"],
    },
    "cellsense": {
        "model": "starcoder",
        "prompt": f"            <file_sep>a.ipynb\n                <fim_prefix>{BEFORE}{LINE}<fim_suffix>{AFTER}<fim_middle>",
        "stop": ["<file_sep>", "<|endoftext|>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>"],
        "max_tokens": 64,
        "temperature": 0,
        "stream": True,
    },
    "tabby": {
        "language": "python",
        "segments": {"prefix": BEFORE + LINE, "suffix": AFTER, "filepath": "names.py", "git_url": None},
        "user": "somebody",
    },
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, body in RECORDED.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
