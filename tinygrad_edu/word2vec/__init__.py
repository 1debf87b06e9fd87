"""word2vec: vectors of words, learned from running text (Mikolov et al. 2013).

>>> from tinygrad_edu.word2vec import read_corpus, train
>>> model = train(read_corpus(min_count=50), size=20, epochs=1)
>>> len(model.vectors.nearest("class", 3))
3
"""

from .corpus import Corpus as Corpus
from .corpus import read_corpus as read_corpus
from .corpus import words_of as words_of
from .model import Word2Vec as Word2Vec
from .model import pair_loss as pair_loss
from .settings import Settings as Settings
from .training import train as train
from .vectors import Vectors as Vectors
