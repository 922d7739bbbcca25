"""The forms of the providers that Plimsoll speaks, from the server's side: one file each."""

from ._anthropic import AnthropicWire
from ._bedrock import BedrockWire
from ._google import GoogleWire
from ._openai import OpenAIWire

__all__ = ["AnthropicWire", "BedrockWire", "GoogleWire", "OpenAIWire"]
