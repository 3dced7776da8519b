# The hostile campaigns in full, which take hours; tests/hostile runs a small share of them.
PYTHON ?= .venv/bin/python
SEED ?= 1

attack:
	$(PYTHON) -W ignore benchmarks/attack.py --seed $(SEED) --count 20000
	$(PYTHON) -W ignore benchmarks/attack_models.py --seed $(SEED) --count 5000
	$(PYTHON) benchmarks/attack_kills.py --seed $(SEED) --count 500

.PHONY: attack
