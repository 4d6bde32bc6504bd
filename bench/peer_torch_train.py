#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# PyTorch on the networks of bench_train.c: the same models, data, batches and optimizers, one thread, processor seconds an epoch. The
# trainer by hand is asked for its steps in turn.
import gzip
import os
import subprocess
import time

import peers
import numpy

try:
    import torch
except ImportError:
    peers.absent('no torch (Debian: python3-torch)')
torch.set_num_threads(1)

FOLDER = '/usr/share/datasets/fashion-mnist'
PROGRAM = 'bench/bench_train'
TURN = 4.0


def read(name, header):
    try:
        with gzip.open('%s/%s.gz' % (FOLDER, name)) as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=header)
    except OSError:
        peers.absent('no %s (Debian: dataset-fashion-mnist)' % FOLDER)


def mlp():
    n = torch.nn
    return n.Sequential(n.Linear(784, 300), n.ReLU(), n.Linear(300, 100), n.ReLU(), n.Linear(100, 10))


def cnn():
    n = torch.nn
    return n.Sequential(n.Unflatten(1, (1, 28)), n.Conv2d(1, 32, 3, padding=1), n.ReLU(), n.MaxPool2d(2),
                        n.Conv2d(32, 64, 3, padding=1), n.ReLU(), n.MaxPool2d(2), n.Flatten(), n.Linear(3136, 128),
                        n.ReLU(), n.Linear(128, 10))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.01)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.001)


class Trainer:
    def __init__(self, model, optimizer, batch, pictures, labels):
        torch.manual_seed(1)
        self.model, self.batch, self.pictures, self.labels = model, batch, pictures, labels
        self.optimizer = optimizer(model.parameters())
        self.loss = torch.nn.CrossEntropyLoss()
        self.order, self.next = torch.randperm(len(labels)), 0

    def step(self):
        if self.next + self.batch > len(self.order):
            self.next = 0
        rows = self.order[self.next:self.next + self.batch]
        self.next += self.batch
        self.optimizer.zero_grad()
        self.loss(self.model(self.pictures[rows]), self.labels[rows]).backward()
        self.optimizer.step()

    def seconds(self, steps):
        start = time.process_time()
        for _ in range(steps):
            self.step()
        return time.process_time() - start


class ByHand:
    def __init__(self, name):
        self.process = subprocess.Popen([PROGRAM, '--steps', name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, steps):
        self.process.stdin.write('%d\n' % steps)
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(name, trainer, steps):
    """Processor seconds an epoch, in turns of so many steps, of all turns the least."""
    hand = ByHand(name)
    ways, least = (trainer, hand), [float('inf')] * 2
    end, turns = time.perf_counter() + TURN, 0
    while turns < 5 or time.perf_counter() < end:
        turns += 1
        for i, way in enumerate(ways):
            least[i] = min(least[i], way.seconds(steps) / steps)
    hand.close()
    epoch = len(trainer.labels) / trainer.batch
    print('result\t%s:torch\t%.6g\ts\t-\t1' % (name, epoch * least[0]))
    print('reference\t%s:torch\t%.6g\tC + BLAS' % (name, epoch * least[1]), flush=True)


if not os.access(PROGRAM, os.X_OK):
    peers.absent('no %s' % PROGRAM)
PICTURES = torch.tensor(read('train-images-idx3-ubyte', 16).reshape(-1, 784).astype(numpy.float32) / 255)
LABELS = torch.tensor(read('train-labels-idx1-ubyte', 8).astype(numpy.int64))
compare('mlp-sgd-32', Trainer(mlp(), sgd, 32, PICTURES, LABELS), 20)
compare('mlp-adam-256', Trainer(mlp(), adam, 256, PICTURES, LABELS), 5)
compare('cnn', Trainer(cnn(), adam, 128, PICTURES.reshape(-1, 28, 28), LABELS), 2)
