//! Numbers as JSON writes them, digit by digit.

/// Digits of a decimal number before its point, and behind.
const WHOLE_DIGITS: u8 = 15;
const FRACTION_DIGITS: u8 = 6;

/// Integers from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IntegerRange {
    least: i64,
    most: i64,
}

/// An integer that is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Integer {
    negative: bool,
    digits: u8,
    magnitude: u64,
}

impl IntegerRange {
    pub(super) fn new(least: i64, most: i64) -> Option<Self> {
        (least <= most).then_some(Self { least, most })
    }

    /// The number after one more byte, where some number of the range begins so.
    pub(super) fn step(self, number: Integer, byte: u8) -> Option<Integer> {
        let Integer { negative, digits, magnitude } = number;
        let next = match byte {
            b'-' if digits == 0 && !negative => Integer { negative: true, digits, magnitude },
            b'0'..=b'9' if digits == 0 || magnitude > 0 => Integer {
                negative,
                digits: digits + 1,
                magnitude: magnitude.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?,
            },
            _ => return None,
        };
        self.begins(next).then_some(next)
    }

    /// Whether the number may end here.
    pub(super) fn holds(self, number: Integer) -> bool {
        let Integer { negative, digits, magnitude } = number;
        let value = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
        digits > 0 && !(negative && magnitude == 0) && self.meets(value, value)
    }

    /// Whether a longer number of the range begins so.
    pub(super) fn goes_on(self, number: Integer) -> bool {
        b"-0123456789".iter().any(|byte| self.step(number, *byte).is_some())
    }

    /// Whether a number of the range begins so, or is that.
    fn begins(self, number: Integer) -> bool {
        let Integer { negative, digits, magnitude } = number;
        if digits == 0 {
            return self.least < 0;
        }
        if magnitude == 0 {
            return !negative && self.meets(0, 0);
        }
        let (mut low, mut high) = (i128::from(magnitude), i128::from(magnitude));
        while low <= i128::from(u64::MAX) {
            if if negative { self.meets(-high, -low) } else { self.meets(low, high) } {
                return true;
            }
            (low, high) = (low * 10, high * 10 + 9);
        }
        false
    }

    fn meets(self, low: i128, high: i128) -> bool {
        low <= i128::from(self.most) && high >= i128::from(self.least)
    }
}

/// A decimal number that is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Decimal {
    #[default]
    Start,
    Minus,
    /// A zero, which only a point may follow.
    Zero,
    Whole(u8),
    Point,
    Fraction(u8),
}

impl Decimal {
    pub(super) fn step(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Start, b'-') => Some(Self::Minus),
            (Self::Start | Self::Minus, b'0') => Some(Self::Zero),
            (Self::Start | Self::Minus, b'1'..=b'9') => Some(Self::Whole(1)),
            (Self::Whole(digits), b'0'..=b'9') if digits < WHOLE_DIGITS => Some(Self::Whole(digits + 1)),
            (Self::Zero | Self::Whole(_), b'.') => Some(Self::Point),
            (Self::Point, b'0'..=b'9') => Some(Self::Fraction(1)),
            (Self::Fraction(digits), b'0'..=b'9') if digits < FRACTION_DIGITS => {
                Some(Self::Fraction(digits + 1))
            }
            _ => None,
        }
    }

    /// Whether the number may end here.
    pub(super) fn holds(self) -> bool {
        matches!(self, Self::Zero | Self::Whole(_) | Self::Fraction(_))
    }

    /// Whether more may follow.
    pub(super) fn goes_on(self) -> bool {
        self != Self::Fraction(FRACTION_DIGITS)
    }
}
