"""What somebody could do behind the application's back, and that the verifier names the place each time.

The attacker writes every table, has removed every constraint and trigger, knows this code and recomputes every unkeyed
hash; but holds no key, and can't reach a checkpoint that was exported later.
"""
