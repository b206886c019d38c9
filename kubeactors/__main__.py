"""`python -m kubeactors` runs the command `kubeactors`."""

from kubeactors.cli import main

if __name__ == "__main__":
    main()
