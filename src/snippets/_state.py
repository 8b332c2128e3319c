"""The state in which each page, docstring, picture and gallery script begins."""

import random

import numpy as np
import torch

_THREADS = torch.get_num_threads()


def reset() -> None:
    """Seed every generator with 0 and take back what an earlier page may have set globally."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False
    torch.set_warn_always(False)
    torch.autograd.set_detect_anomaly(False)
    torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(False)
    torch.set_num_threads(_THREADS)
