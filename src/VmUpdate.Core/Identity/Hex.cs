namespace VmUpdate.Core.Identity;

/// <summary>Bytes as small hexadecimal digits.</summary>
internal static class Hex
{
    public static string Of(byte[] bytes)
    {
        const string digits = "0123456789abcdef";
        var text = new char[bytes.Length * 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            text[i * 2] = digits[bytes[i] >> 4];
            text[(i * 2) + 1] = digits[bytes[i] & 0xF];
        }

        return new string(text);
    }
}
