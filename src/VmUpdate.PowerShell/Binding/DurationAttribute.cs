using System.Globalization;
using System.Management.Automation;

namespace VmUpdate.PowerShell.Binding;

/// <summary>
/// Lets a parameter take a time with its unit: <c>500ms</c>, <c>90s</c>, <c>20m</c>, <c>4h</c>, <c>2d</c>, or <c>01:30:00</c>. A bare number is refused:
/// .NET would take it for units of 100 nanoseconds.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is null or TimeSpan)
        {
            return inputData;
        }

        // The text as it was typed: to PowerShell 90s is the number 90 as a short, and 2d the decimal 2.
        string text = $"{inputData}".Trim();
        return Read(text) ?? throw Refused(text);
    }

    private static TimeSpan? Read(string text)
    {
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        if (text.IndexOf(':') >= 0)
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time) ? time : null;
        }

        string digits = text.TrimEnd('d', 'h', 'm', 's');
        double? seconds = text.Substring(digits.Length) switch
        {
            "ms" => 0.001,
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => null,
        };
        return seconds is { } unit
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * unit < TimeSpan.MaxValue.TotalSeconds
            ? TimeSpan.FromTicks((long)(number * unit * TimeSpan.TicksPerSecond))
            : null;
    }

    private static ArgumentTransformationMetadataException Refused(string given) =>
        new($"'{given}' is no time. Write it with its unit, such as 90s, 20m, 4h or 2d, or as 01:30:00.");
}
