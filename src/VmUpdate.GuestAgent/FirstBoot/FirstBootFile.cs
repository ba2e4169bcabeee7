using System.Net;
using System.Text.Json;

namespace VmUpdate.GuestAgent.FirstBoot;

/// <summary>
/// What a new disk's first start has to put back because Windows made it anew. The steps are done in order; then the file is deleted. A step that
/// fails is the last one tried, the file stays, and the next start tries again: a step that is done already changes nothing.
/// </summary>
/// <param name="path">The file; VmUpdate.Core writes it, and FirstBootManifest there says what is in it.</param>
/// <param name="target">This Windows; <see langword="null"/> on other systems.</param>
/// <param name="log">Told what was done.</param>
internal sealed class FirstBootFile(string path, IFirstBootTarget? target, AgentLog log)
{
    private const int Version = 1;
    private const int MaxLength = 16 * 1024 * 1024;
    private const int MaxSteps = 10_000;
    private const int MaxText = 4096;
    private static readonly string[] Hives = ["SOFTWARE", "SYSTEM", "SECURITY", "SAM", "DEFAULT"];

    /// <summary>Does what the file says, if it is there. Never fails.</summary>
    /// <returns>What went wrong, a sentence; empty when nothing did.</returns>
    public string CarryOut()
    {
        if (!File.Exists(path))
        {
            return string.Empty;
        }

        string notice = TryCarryOut();
        log.Write(notice.Length > 0 ? notice : $"What {path} said was done.");
        return notice;
    }

    private string TryCarryOut()
    {
        try
        {
            if (Platform.WhyNotTrusted(path) is { } why)
            {
                return $"The first-boot file is not carried out: {why}.";
            }

            if (target is null)
            {
                return $"The first-boot file {path} is for Windows, and this is another system.";
            }

            using JsonDocument document = JsonDocument.Parse(SafeFile.Read(path, MaxLength));
            CarryOut(document.RootElement, target);
            File.Delete(path);
            return string.Empty;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or FormatException
            or InvalidOperationException or KeyNotFoundException or System.Security.SecurityException or ArgumentException)
        {
            return $"The first-boot file {path} is not carried out to its end: {failure.Message}";
        }
    }

    private static void CarryOut(JsonElement root, IFirstBootTarget target)
    {
        int version = root.GetProperty("version").GetInt32();
        if (version != Version)
        {
            throw new FormatException($"it is of the version {version}, and this agent knows {Version}.");
        }

        string name = Text(root, "computerName");
        if (!string.Equals(name, target.ComputerName, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"it is for the machine '{OneLine.Of(name, 64)}', and this one is '{target.ComputerName}'.");
        }

        JsonElement steps = root.GetProperty("steps");
        if (steps.GetArrayLength() > MaxSteps)
        {
            throw new FormatException($"it has {steps.GetArrayLength()} steps, and {MaxSteps} is the most.");
        }

        int number = 0;
        foreach (JsonElement step in steps.EnumerateArray())
        {
            number++;
            try
            {
                CarryOutStep(step, target);
            }
            catch (Exception failure) when (failure is IOException or FormatException or KeyNotFoundException or InvalidOperationException or UnauthorizedAccessException)
            {
                throw new IOException($"step {number} ({OneLine.Of(Text(step, "set"), 64)}): {failure.Message}", failure);
            }
        }
    }

    private static void CarryOutStep(JsonElement step, IFirstBootTarget target)
    {
        switch (Text(step, "action"))
        {
            case "set-value":
                target.SetValue(
                    Hive(step, "hive"), Key(step, "key"), Text(step, "value"), step.GetProperty("type").GetInt32(), step.GetProperty("data").GetBytesFromBase64());
                break;
            case "rename-suffix":
                RenameSuffix(step, target);
                break;
            case "set-address":
                target.SetAddress(new StaticAddress(
                    Adapter(step), Addresses(step, "addresses"), Addresses(step, "subnetMasks"), Addresses(step, "gateways"), Addresses(step, "nameServers")));
                break;
            case string unknown:
                throw new FormatException($"this agent does not know the action '{OneLine.Of(unknown, 64)}'.");
        }
    }

    private static void RenameSuffix(JsonElement step, IFirstBootTarget target)
    {
        string to = Suffix(Text(step, "to"));
        string from = target.FindText(Hive(step, "fromHive"), Key(step, "fromKey"), Text(step, "fromValue"))
            ?? throw new IOException($"the registry has no {Text(step, "fromValue")} at {Text(step, "fromKey")}.");
        string folder = target.PathOf(Folder(step));
        if (!Directory.Exists(folder))
        {
            return;
        }

        string ending = "_" + Suffix(from);
        foreach (string file in Directory.GetFiles(folder).Where(file => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
        {
            string renamed = file.Substring(0, file.Length - ending.Length) + "_" + to;
            if (!string.Equals(file, renamed, StringComparison.OrdinalIgnoreCase))
            {
                Platform.MoveOver(file, renamed);
            }
        }
    }

    private static string Text(JsonElement element, string name)
    {
        string text = element.GetProperty(name).GetString() ?? string.Empty;
        return text.Length <= MaxText ? text : throw new FormatException($"'{name}' has {text.Length} characters, and {MaxText} is the most.");
    }

    private static string Hive(JsonElement step, string name)
    {
        string hive = Text(step, name);
        return Hives.Contains(hive) ? hive : throw new FormatException($"'{name}' must be one of {string.Join(", ", Hives)}.");
    }

    private static string Key(JsonElement step, string name)
    {
        string key = Text(step, name);
        return key.Length > 0 && key[0] != '\\' && key.IndexOf('\0') < 0 ? key : throw new FormatException($"'{name}' must be a key's path below its hive.");
    }

    /// <summary>A path on the Windows volume, which stays below its root.</summary>
    private static string Folder(JsonElement step)
    {
        string folder = Text(step, "folder").TrimStart('\\');
        bool isBelow = folder.Split('\\').All(part => part.Length > 0 && part is not ("." or "..") && part.IndexOfAny([':', '/', '\0']) < 0);
        return isBelow ? folder : throw new FormatException("'folder' must be a folder's path on the Windows volume.");
    }

    private static string Suffix(string text) => text.Length is > 0 and <= 64 && text.All(c => c is '-' or (>= '0' and <= '9') or (>= 'a' and <= 'f') or (>= 'A' and <= 'F'))
        ? text
        : throw new FormatException($"'{OneLine.Of(text, 64)}' is no suffix of key files.");

    private static string Adapter(JsonElement step)
    {
        string adapter = Text(step, "adapter");
        return adapter.Length <= 32 && adapter.All(c => c is '-' or ':' || Uri.IsHexDigit(c)) ? adapter : throw new FormatException("'adapter' must be a physical address.");
    }

    private static List<string> Addresses(JsonElement step, string name) => [.. step.GetProperty(name).EnumerateArray().Select(entry =>
        IPAddress.TryParse(entry.GetString(), out IPAddress? address) ? address.ToString() : throw new FormatException($"'{name}' must hold addresses."))];
}
