#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# tests/nn/cases.py [FOLDER [DTYPE]]: asks Keras 3 what its layers, losses, optimizers and models compute, and writes it down for test_keras.c:
# keras-float64.npz, keras-float32.npz and, as Keras prints them, keras-summary-*.txt. Needs keras with jax. In the files NAME.PART is an
# array, where NAME is a case of both programs, and PART
#   x0, x1, …  what it is given         w0, w1, …   weights, in Keras's order
#   y          the result               new0, …     weights after training (moving statistics)
#   seed       an adjoint of the result dx0, dw0, … what it gives for inputs and for weights that are trained
# of a loss: y the targets, p the prediction, loss, dp; of an optimizer: p0.0, … before, g0.1, … gradients and p0.1, … after step 1; of a
# model: x0.1, y.1, … batches, w0.0, w0.1, … weights before and after step 1, out the outputs and loss, dw0, … of the first batch before
# it. `versions` is a text, as bytes.
import os
import subprocess
import sys

DTYPE = sys.argv[2] if len(sys.argv) > 2 else 'float32'
os.environ['KERAS_BACKEND'] = 'jax'
os.environ['JAX_PLATFORMS'] = 'cpu'
import jax
import keras
import numpy

if DTYPE == 'float64':
    # Keras with jax would go on in float32 after some of its functions; float64 is to be what it says.
    from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE
    BIT64_TO_BIT32_DTYPE['float64'] = 'float64'
    jax.config.update('jax_enable_x64', True)
keras.config.set_floatx(DTYPE)
keras.config.set_dtype_policy(DTYPE)
L, O, R = keras.layers, keras.optimizers, keras.regularizers
STEPS = 3
ACTIVATIONS = ('linear', 'relu', 'sigmoid', 'tanh', 'softmax', 'softplus', 'softsign', 'exponential', 'elu', 'silu', 'gelu')

# name: (layer, shapes of what it is called on, whether in training)
IMAGE, ODD, WIDE = (2, 6, 6, 3), (2, 7, 5, 2), (1, 8, 9, 4)
LAYERS = {'dense_' + a: (lambda a=a: L.Dense(4, activation=a), [(3, 5)], False) for a in ACTIVATIONS}
LAYERS.update({'activation_' + a: (lambda a=a: L.Activation(a), [(2, 3, 4)], False) for a in ACTIVATIONS})
LAYERS.update({
    'dense_rank_4': (lambda: L.Dense(3, activation='tanh'), [(2, 3, 2, 4)], False),
    'dense_without_bias': (lambda: L.Dense(2, use_bias=False), [(3, 4)], False),
    'conv_valid': (lambda: L.Conv2D(4, 3), [IMAGE], False),
    'conv_valid_relu': (lambda: L.Conv2D(4, 3, activation='relu'), [IMAGE], False),
    'conv_same': (lambda: L.Conv2D(4, 3, padding='same'), [ODD], False),
    'conv_same_even': (lambda: L.Conv2D(3, (2, 4), padding='same'), [ODD], False),
    'conv_rectangle': (lambda: L.Conv2D(3, (3, 2), strides=(2, 1)), [ODD], False),
    'conv_strides': (lambda: L.Conv2D(4, 3, strides=2), [IMAGE], False),
    'conv_strides_same': (lambda: L.Conv2D(4, 3, strides=2, padding='same'), [IMAGE], False),
    'conv_strides_same_odd': (lambda: L.Conv2D(4, 2, strides=3, padding='same'), [ODD], False),
    'conv_dilation': (lambda: L.Conv2D(2, 3, dilation_rate=2), [(2, 7, 6, 2)], False),
    'conv_dilation_same': (lambda: L.Conv2D(2, 3, dilation_rate=(2, 1), padding='same'), [ODD], False),
    'conv_groups': (lambda: L.Conv2D(6, 3, groups=2), [WIDE], False),
    'conv_groups_same': (lambda: L.Conv2D(4, (3, 2), groups=4, strides=2, padding='same', use_bias=False), [WIDE], False),
    'max_pool': (lambda: L.MaxPooling2D(), [IMAGE], False),
    'max_pool_odd': (lambda: L.MaxPooling2D(2), [ODD], False),
    'max_pool_same': (lambda: L.MaxPooling2D(2, padding='same'), [ODD], False),
    'max_pool_overlap': (lambda: L.MaxPooling2D(3, strides=2, padding='same'), [IMAGE], False),
    'max_pool_rectangle': (lambda: L.MaxPooling2D((3, 2), strides=(1, 2)), [ODD], False),
    'average_pool': (lambda: L.AveragePooling2D(2), [IMAGE], False),
    'average_pool_odd': (lambda: L.AveragePooling2D(2), [ODD], False),
    'average_pool_same': (lambda: L.AveragePooling2D(2, padding='same'), [ODD], False),
    'average_pool_overlap': (lambda: L.AveragePooling2D(3, strides=2, padding='same'), [IMAGE], False),
    'average_pool_rectangle': (lambda: L.AveragePooling2D((3, 2), strides=(1, 2)), [ODD], False),
    'normalization': (lambda: L.BatchNormalization(), [(5, 4)], False),
    'normalization_training': (lambda: L.BatchNormalization(), [(5, 4)], True),
    'normalization_image': (lambda: L.BatchNormalization(momentum=0.9, epsilon=0.01), [IMAGE], False),
    'normalization_image_training': (lambda: L.BatchNormalization(momentum=0.9, epsilon=0.01), [IMAGE], True),
    'normalization_plain_training': (lambda: L.BatchNormalization(center=False, scale=False), [(4, 3)], True),
    'normalization_no_scale_training': (lambda: L.BatchNormalization(scale=False), [(4, 3)], True),
    'flatten': (lambda: L.Flatten(), [(2, 3, 2, 2)], False),
    'reshape': (lambda: L.Reshape((3, -1)), [(2, 4, 6)], False),
    'dropout': (lambda: L.Dropout(0.4), [(3, 5)], False),
    'add': (lambda: L.Add(), [(2, 3), (2, 3), (2, 3)], False),
    'concatenate': (lambda: L.Concatenate(), [(2, 3, 2), (2, 3, 4)], False),
    'concatenate_first': (lambda: L.Concatenate(axis=1), [(2, 1, 3), (2, 2, 3), (2, 4, 3)], False),
})

# name: (loss, from logits, what p is, what y is)
LOSSES = {
    'mean_squared_error': ('mean_squared_error', False, 'any', 'any'),
    'binary': ('binary_crossentropy', False, 'one', 'bits'),
    'binary_soft': ('binary_crossentropy', False, 'one', 'one'),
    'binary_logits': ('binary_crossentropy', True, 'any', 'bits'),
    'categorical': ('categorical_crossentropy', False, 'all', 'all'),
    'categorical_one_hot': ('categorical_crossentropy', False, 'all', 'hot'),
    'categorical_logits': ('categorical_crossentropy', True, 'any', 'all'),
    'sparse': ('sparse_categorical_crossentropy', False, 'all', 'class'),
    'sparse_logits': ('sparse_categorical_crossentropy', True, 'any', 'class'),
}

OPTIMIZERS = {
    'sgd': lambda: O.SGD(0.1),
    'sgd_default': lambda: O.SGD(),
    'sgd_momentum': lambda: O.SGD(0.1, momentum=0.9),
    'sgd_nesterov': lambda: O.SGD(0.1, momentum=0.9, nesterov=True),
    'sgd_decay': lambda: O.SGD(0.1, momentum=0.5, weight_decay=0.02),
    'sgd_clipvalue': lambda: O.SGD(0.1, clipvalue=0.5),
    'sgd_clipnorm': lambda: O.SGD(0.1, clipnorm=0.7),
    'sgd_global_clipnorm': lambda: O.SGD(0.1, global_clipnorm=0.7),
    'rmsprop': lambda: O.RMSprop(0.01),
    'rmsprop_default': lambda: O.RMSprop(),
    'rmsprop_centered': lambda: O.RMSprop(0.01, rho=0.8, centered=True),
    'rmsprop_momentum': lambda: O.RMSprop(0.01, momentum=0.9),
    'rmsprop_all': lambda: O.RMSprop(0.01, rho=0.95, momentum=0.7, epsilon=1e-3, centered=True),
    'adam': lambda: O.Adam(0.01),
    'adam_default': lambda: O.Adam(),
    'adam_betas': lambda: O.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4),
    'adam_amsgrad': lambda: O.Adam(0.01, amsgrad=True),
    'adam_decay': lambda: O.Adam(0.01, weight_decay=0.05),
}


def mlp():
    x = keras.Input((6,))
    h = L.Dense(5, activation='relu', kernel_regularizer=R.L2(0.01))(x)
    h = L.Dense(4, activation='tanh', kernel_regularizer=R.L1L2(0.02, 0.03), bias_regularizer=R.L1(0.04))(h)
    y = L.Dense(3, activation='softmax', activity_regularizer=R.L2(0.05))(h)
    return keras.Model(x, y)


def two_inputs():
    a, b = keras.Input((3,)), keras.Input((2, 2))
    shared = L.Dense(3, activation='sigmoid')
    left = shared(a)
    right = L.Dense(3, activation='elu')(L.Flatten()(b))
    h = L.Concatenate()([L.Add()([left, right]), shared(left)])
    return keras.Model([a, b], L.Dense(2)(h))


def cnn():
    x = keras.Input((8, 8, 2))
    h = L.Conv2D(3, 3, activation='relu', padding='same')(x)
    h = L.MaxPooling2D()(h)
    h = L.BatchNormalization(momentum=0.8)(h)
    h = L.Conv2D(4, 2, strides=2)(h)
    h = L.AveragePooling2D(2)(h)
    return keras.Model(x, L.Dense(3, activation='softmax')(L.Flatten()(h)))


# name: (model, loss, optimizer, what y is)
MODELS = {
    'model_mlp': (mlp, 'sparse_categorical_crossentropy', lambda: O.Adam(0.01), 'class'),
    'model_two_inputs': (two_inputs, 'mean_squared_error', lambda: O.SGD(0.1, momentum=0.9), 'any'),
    'model_cnn': (cnn, 'categorical_crossentropy', lambda: O.RMSprop(0.01), 'hot'),
}


class Cases:
    def __init__(self, dtype):
        self.dtype, self.arrays, self.random = dtype, {}, numpy.random.default_rng(1)

    def keep(self, name, array):
        array = numpy.asarray(array)
        assert array.dtype == self.dtype, (name, array.dtype)
        self.arrays[name] = array

    def normal(self, shape):
        return self.random.standard_normal(shape).astype(self.dtype)

    def numbers(self, what, shape):
        if what == 'any':
            return self.normal(shape)
        if what == 'one':
            return self.random.uniform(0.02, 0.98, shape).astype(self.dtype)
        if what == 'bits':
            return self.random.integers(0, 2, shape).astype(self.dtype)
        if what == 'all':  # the classes' probabilities
            p = self.random.uniform(0.02, 1, shape)
            return (p / p.sum(-1, keepdims=True)).astype(self.dtype)
        classes = self.random.integers(0, shape[-1], shape[:-1])
        return (numpy.eye(shape[-1])[classes] if what == 'hot' else classes).astype(self.dtype)

    def draw_weights(self, of):
        for w in of.weights:
            low = 0.5 if 'variance' in w.path else -0.8
            w.assign(self.random.uniform(low, low + 1.6, w.shape).astype(self.dtype))


def values(variables):
    return [v.value for v in variables]


def layer_case(c, name, make, shapes, training):
    layer, x = make(), [c.normal(s) for s in shapes]
    merges = len(x) > 1
    layer.build([s for s in shapes] if merges else shapes[0])
    c.draw_weights(layer)
    fixed = values(layer.non_trainable_variables)

    def call(trained, x):
        options = {'training': training} if isinstance(layer, (L.BatchNormalization, L.Dropout)) else {}
        return layer.stateless_call(trained, fixed, x if merges else x[0], **options)

    for i, w in enumerate(layer.weights):
        c.keep('%s.w%d' % (name, i), w)
    y, back, fixed_after = jax.vjp(call, values(layer.trainable_variables), x, has_aux=True)
    seed = c.normal(y.shape)
    dw, dx = back(jax.numpy.asarray(seed))
    c.keep(name + '.y', y)
    c.keep(name + '.seed', seed)
    for part, arrays in ('x', x), ('dw', dw), ('dx', dx), ('new', fixed_after if training else []):
        for i, a in enumerate(arrays):
            c.keep('%s.%s%d' % (name, part, i), a)


def loss_case(c, name, loss, logits, what_p, what_y):
    shape = (4, 3)
    p, y = c.numbers(what_p, shape), c.numbers(what_y, shape)
    kinds = {'binary_crossentropy': keras.losses.BinaryCrossentropy, 'categorical_crossentropy': keras.losses.CategoricalCrossentropy,
             'sparse_categorical_crossentropy': keras.losses.SparseCategoricalCrossentropy}
    of = kinds[loss](from_logits=logits) if loss in kinds else keras.losses.MeanSquaredError()
    value, dp = jax.value_and_grad(lambda p: of(y, p))(jax.numpy.asarray(p))
    for part, a in ('p', p), ('y', y), ('loss', value), ('dp', dp):
        c.keep('loss_%s.%s' % (name, part), a)


def optimizer_case(c, name, make):
    variables = [keras.Variable(c.normal(s), dtype=c.dtype) for s in ((3, 2), (4,))]
    optimizer = make()
    optimizer.build(variables)
    for step in range(6):
        gradients = [c.normal(v.shape) for v in variables]
        if step:
            optimizer.apply([jax.numpy.asarray(g) for g in gradients], variables)
        for i, v in enumerate(variables):
            c.keep('optimizer_%s.p%d.%d' % (name, i, step), v)
            if step:
                c.keep('optimizer_%s.g%d.%d' % (name, i, step), gradients[i])


def model_case(c, name, make, loss, optimizer, what_y):
    model, batch = make(), 4
    c.draw_weights(model)
    model.compile(optimizer=optimizer(), loss=loss)
    of = keras.losses.get(loss)

    def total(trained, x, y):
        p, _, extra = model.stateless_call(trained, values(model.non_trainable_variables), x, training=True, return_losses=True)
        return jax.numpy.mean(of(y, p)) + sum(extra)

    for step in range(STEPS + 1):
        if step:
            model.train_on_batch(x if len(x) > 1 else x[0], y)
        for i, w in enumerate(model.weights):
            c.keep('%s.w%d.%d' % (name, i, step), w)
        if step == STEPS:
            break
        x = [c.normal((batch,) + i.shape[1:]) for i in model.inputs]
        y = c.numbers(what_y, (batch,) + model.output_shape[1:])
        for part, arrays in ('x', x),:
            for i, a in enumerate(arrays):
                c.keep('%s.%s%d.%d' % (name, part, i, step + 1), a)
        c.keep('%s.y.%d' % (name, step + 1), y)
        given = x if len(x) > 1 else x[0]
        value, gradients = jax.value_and_grad(total)(values(model.trainable_variables), given, y)
        if step == 0:
            c.keep(name + '.out', model(given, training=False))
            for i, g in enumerate(gradients):
                c.keep('%s.dw%d' % (name, i), g)
        c.keep('%s.loss.%d' % (name, step + 1), value)


def all_cases():
    c = Cases(DTYPE)
    for name, case in LAYERS.items():
        layer_case(c, name, *case)
    for name, case in LOSSES.items():
        loss_case(c, name, *case)
    for name, make in OPTIMIZERS.items():
        optimizer_case(c, name, make)
    for name, case in MODELS.items():
        model_case(c, name, *case)
    text = 'Keras %s, JAX %s, NumPy %s, Python %s' % (keras.__version__, jax.__version__, numpy.__version__, sys.version.split()[0])
    c.arrays['versions'] = numpy.frombuffer(text.encode(), numpy.uint8)
    return c.arrays


# --- summaries


def summary_mlp():
    return keras.Sequential([keras.Input((28, 28)), L.Flatten(), L.Dense(300, activation='relu'), L.Dense(100, activation='relu'),
                             L.Dense(10, activation='softmax')])


def summary_cnn():
    return keras.Sequential([keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation='relu'), L.BatchNormalization(), L.MaxPooling2D(),
                             L.Conv2D(64, 3, activation='relu', name='a_convolution_with_a_long_name'), L.MaxPooling2D(), L.Flatten(),
                             L.Dropout(0.5), L.Dense(10, activation='softmax')], name='pictures')


def summary_two_inputs():
    wide, deep = keras.Input((5,), name='wide'), keras.Input((6,), name='deep')
    shared = L.Dense(30, activation='relu')
    h = L.Dense(30, activation='relu')(shared(deep))
    y = L.Concatenate()([wide, h])
    return keras.Model([wide, deep], [L.Dense(1, name='main')(y), L.Dense(1, name='help')(L.Add()([h, shared(deep)]))])


def summaries(folder):
    for name, make in ('mlp', summary_mlp), ('cnn', summary_cnn), ('two-inputs', summary_two_inputs):
        keras.utils.clear_session()
        with open(os.path.join(folder, 'keras-summary-%s.txt' % name), 'w', encoding='utf-8') as file:
            make().summary(print_fn=lambda line, **_: file.write(line + '\n'))


folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
if len(sys.argv) > 2:
    numpy.savez_compressed(os.path.join(folder, 'keras-%s.npz' % DTYPE), **all_cases())
else:
    summaries(folder)
    for dtype in 'float64', 'float32':
        subprocess.run([sys.executable, __file__, folder, dtype], check=True)
