"""The commands of ``ecglab``, one file each.

They join what the other rooms do and speak to the person at the terminal; nothing is computed here
that those rooms do not offer to a program.
"""
