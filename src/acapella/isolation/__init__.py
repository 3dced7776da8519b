"""The product: a song in, vocals and instrumental out, without torch."""
