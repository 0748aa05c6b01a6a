"""Why a model misses, mixes up or invents an object on a picture: `hoban why --model`."""
